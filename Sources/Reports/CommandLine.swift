/// A command as a person would type it into a POSIX shell; only ever printed, never run.
package func commandLine(_ arguments: [String], isPrivileged: Bool = false) -> String {
    (isPrivileged ? ["sudo"] + arguments : arguments).map(quotedForShell).joined(separator: " ")
}

private func quotedForShell(_ argument: String) -> String {
    let isPlain =
        !argument.isEmpty
        && argument.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "_-./:=@%+,".utf8.contains(byte)
            }
        }
    return isPlain ? argument : "'" + argument.replacing("'", with: #"'\''"#) + "'"
}
