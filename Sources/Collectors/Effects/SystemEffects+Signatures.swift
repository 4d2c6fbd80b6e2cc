package import Facts

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

extension SystemEffects {
    /// Of a directory the files directly in it whose names end so; of a file itself.
    package func signature(of path: String, endings: [String]) async throws(Unknown) -> FolderSignature {
        var information = stat()
        guard unsafe stat(path, &information) == 0 else { throw Unknown(errorNumber: errno, path: path) }
        var signature = FolderSignature(bytes: [], newest: 0)
        signature.add(information)
        guard information.st_mode & S_IFMT == S_IFDIR else { return signature }
        let folder = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw Unknown(errorNumber: errno, path: path) }
        defer { close(folder) }
        let names = try FolderNames(of: path, endings: endings.map { Array($0.utf8) })
        // The system's part of it takes most of the time: a half each.
        let middle = names.count / 2
        async let second = names.signature(middle..<names.count, in: folder)
        let first = names.signature(0..<middle, in: folder)
        for part in [first, await second] {
            signature.bytes += part.bytes
            signature.newest = max(signature.newest, part.newest)
        }
        return signature
    }
}

extension FolderSignature {
    fileprivate mutating func add(_ information: stat) {
        let change = information.st_ctim
        let numbers = [
            UInt64(information.st_dev), UInt64(information.st_ino), UInt64(information.st_mode),
            UInt64(bitPattern: Int64(information.st_size)), UInt64(bitPattern: Int64(change.tv_sec)),
            UInt64(bitPattern: Int64(change.tv_nsec)),
        ]
        for number in numbers {
            for shift in stride(from: UInt64(0), to: 64, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: number >> shift))
            }
        }
        newest = max(newest, Int64(change.tv_sec))
    }
}

/// Names of a directory in the order that the system tells them, each ended by a zero, one behind the other.
private struct FolderNames: Sendable {
    private var characters: [CChar] = []
    private var starts: [Int] = []

    var count: Int { starts.count }

    init(of path: String, endings: [[UInt8]]) throws(Unknown) {
        guard let stream = unsafe opendir(path) else { throw Unknown(errorNumber: errno, path: path) }
        defer { unsafe closedir(stream) }
        while let entry = unsafe readdir(stream) {
            unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { name in
                    let length = unsafe strlen(name)
                    let text = unsafe UnsafeBufferPointer(start: name, count: length)
                    let isWanted =
                        unsafe text.first != CChar(UInt8(ascii: "."))
                        && endings.contains { ending in
                            unsafe ending.count <= length
                                && text.suffix(ending.count).elementsEqual(ending, by: { UInt8(bitPattern: $0) == $1 })
                        }
                    guard isWanted else { return }
                    starts.append(characters.count)
                    unsafe characters.append(contentsOf: text)
                    characters.append(0)
                }
            }
        }
    }

    func signature(_ range: Range<Int>, in folder: Int32) -> FolderSignature {
        var signature = FolderSignature(bytes: [], newest: 0)
        signature.bytes.reserveCapacity(80 * range.count)
        unsafe characters.withUnsafeBufferPointer { characters in
            guard let base = characters.baseAddress else { return }
            for index in range {
                var information = stat()
                let name = unsafe base + starts[index]
                // What is gone by now has no time; another look will find another folder.
                guard unsafe fstatat(folder, name, &information, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
                let length = (index + 1 < starts.count ? starts[index + 1] : characters.count) - starts[index]
                for offset in 0..<length { unsafe signature.bytes.append(UInt8(bitPattern: name[offset])) }
                signature.add(information)
            }
        }
        return signature
    }
}
