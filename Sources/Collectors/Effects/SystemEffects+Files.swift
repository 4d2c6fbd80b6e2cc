package import Facts

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

extension SystemEffects {
    package func readFile(_ path: String, limit: Int) async throws(Unknown) -> [UInt8] {
        // O_NONBLOCK: opening a FIFO must not wait for a writer. Links are followed: people link their kubeconfig.
        let descriptor = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw Unknown(errorNumber: errno, path: path) }
        defer { close(descriptor) }

        var information = stat()
        guard unsafe fstat(descriptor, &information) == 0 else { throw Unknown(errorNumber: errno, path: path) }
        guard information.st_mode & S_IFMT == S_IFREG else {
            throw Unknown(.malformed, "\(path) is \(kindName(information.st_mode)), not a regular file")
        }
        guard Int(information.st_size) <= limit else {
            throw Unknown(.truncated, "\(path) has \(information.st_size) bytes, more than the limit of \(limit)")
        }
        return try Self.readAll(descriptor, path: path, limit: limit)
    }

    /// Some at a time: a library may have thousands of small files.
    package func readEntries(_ names: [String], of directory: String, limit: Int) async -> [DirectoryEntry] {
        let folder = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else {
            let unknown = Unknown(errorNumber: errno, path: directory)
            return names.map { _ in .unreadable(unknown) }
        }
        defer { close(folder) }
        let size = 256
        return await withTaskGroup(of: (start: Int, entries: [DirectoryEntry]).self) { group in
            for start in stride(from: 0, to: names.count, by: size) {
                let part = names[start..<min(start + size, names.count)]
                group.addTask { (start, part.map { readEntry($0, folder, directory, limit) }) }
            }
            var parts: [(start: Int, entries: [DirectoryEntry])] = []
            for await part in group { parts.append(part) }
            return parts.sorted { $0.start < $1.start }.flatMap(\.entries)
        }
    }

    private func readEntry(_ name: String, _ folder: Int32, _ directory: String, _ limit: Int) -> DirectoryEntry {
        let descriptor = unsafe openat(folder, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ELOOP { return .notAFile(.symbolicLink) }
            return .unreadable(Unknown(errorNumber: errno, path: directory.appending(component: name)))
        }
        defer { close(descriptor) }
        var information = stat()
        let path = { directory.appending(component: name) }
        guard unsafe fstat(descriptor, &information) == 0 else {
            return .unreadable(Unknown(errorNumber: errno, path: path()))
        }
        switch information.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: return .notAFile(.directory)
        default: return .notAFile(.other)
        }
        let size = Int(information.st_size)
        guard size <= limit else {
            return .unreadable(
                Unknown(.truncated, "\(path()) has \(size) bytes, more than the limit of \(limit)"))
        }
        let content = unsafe [UInt8](unsafeUninitializedCapacity: size + 1) { buffer, count in
            unsafe count = max(0, read(descriptor, buffer.baseAddress, size + 1))
        }
        // Most files are read by one call, and all of it; what grows or is interrupted is read again, the long way.
        if content.count == size { return .file(content) }
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { return .unreadable(Unknown(errorNumber: errno, path: path())) }
        do throws(Unknown) { return .file(try Self.readAll(descriptor, path: path(), limit: limit)) } catch {
            return .unreadable(error)
        }
    }

    /// Up to the end, whatever the size said: files of /proc say 0.
    static func readAll(_ descriptor: Int32, path: String, limit: Int) throws(Unknown) -> [UInt8] {
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe read(descriptor, &buffer, buffer.count)
            if count < 0 {
                guard errno == EINTR else { throw Unknown(errorNumber: errno, path: path) }
                continue
            }
            guard count > 0 else { return content }
            content.append(contentsOf: buffer[..<count])
            guard content.count <= limit else {
                throw Unknown(.truncated, "\(path) has more than the limit of \(limit) bytes")
            }
        }
    }

    package func status(of path: String) async throws(Unknown) -> FileStatus {
        var information = stat()
        if unsafe stat(path, &information) != 0 {
            let problem = errno
            // A link that leads nowhere is itself worth telling.
            guard problem == ENOENT, unsafe lstat(path, &information) == 0 else {
                throw Unknown(errorNumber: problem, path: path)
            }
        }
        let kind: FileStatus.Kind =
            switch information.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            case S_IFLNK: .symbolicLink
            default: .other
            }
        return FileStatus(
            kind: kind, size: Int(information.st_size), mode: Int(information.st_mode & 0o7777),
            owner: Int(information.st_uid), isReadable: unsafe access(path, R_OK) == 0)
    }

    package func list(_ directory: String) async throws(Unknown) -> [String] { try Self.names(in: directory) }

    static func names(in directory: String) throws(Unknown) -> [String] {
        guard let stream = unsafe opendir(directory) else { throw Unknown(errorNumber: errno, path: directory) }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { characters in
                    unsafe String(cString: characters)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    package func space(at path: String) async throws(Unknown) -> FileSystemSpace {
        var information = statvfs()
        guard unsafe statvfs(path, &information) == 0 else { throw Unknown(errorNumber: errno, path: path) }
        let block = UInt64(information.f_frsize)
        return FileSystemSpace(
            totalBytes: UInt64(information.f_blocks) * block, availableBytes: UInt64(information.f_bavail) * block,
            inodes: UInt64(information.f_files), availableInodes: UInt64(information.f_favail),
            isReadOnly: UInt(information.f_flag) & UInt(ST_RDONLY) != 0)
    }

    package func linkTarget(of path: String) async throws(Unknown) -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlink(path, &buffer, buffer.count)
        guard count >= 0 else { throw Unknown(errorNumber: errno, path: path) }
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func kindName(_ mode: mode_t) -> String {
        switch mode & S_IFMT {
        case S_IFDIR: "a directory"
        case S_IFIFO: "a pipe"
        case S_IFSOCK: "a socket"
        case S_IFCHR, S_IFBLK: "a device"
        default: "something else"
        }
    }
}

extension Unknown {
    /// What the operating system said about a path.
    init(errorNumber: Int32, path: String) {
        switch errorNumber {
        case ENOENT, ENOTDIR: self.init(.notFound, "\(path) does not exist")
        case EACCES, EPERM:
            self.init(
                .denied, "\(path) may not be read by this user", hint: "run triage as root or as the file's owner")
        case ELOOP: self.init(.malformed, "\(path) is a link that leads in circles")
        case ENAMETOOLONG: self.init(.malformed, "the path is too long")
        default: self.init(.malformed, "\(path) could not be read: \(unsafe String(cString: strerror(errorNumber)))")
        }
    }
}
