package import Foundation

/// A real nginx on a free loopback port, in a directory of its own, stopped at the end.
package struct LocalNginx: Sendable {
    package static let program = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    package var port: Int
    package var url: String { "https://127.0.0.1:\(port)" }
    private let log: String

    /// `protocol encoding` of each request so far, such as `HTTP/2.0 gzip`.
    package var served: [String] {
        ((try? String(contentsOfFile: log, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
    }

    fileprivate init(port: Int, log: String) {
        self.port = port
        self.log = log
    }
}

/// Runs the body beside an nginx that speaks HTTP/2 and packs what it serves: the given files by name.
package func withNginx(
    _ identity: TestAuthority.Identity, files: [String: Data], body: (LocalNginx) async throws -> Void
) async throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("nginx-\(UUID().uuidString)")
    let root = directory.appendingPathComponent("root")
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    for (name, content) in files { try content.write(to: root.appendingPathComponent(name)) }
    try Data(identity.certificatePEM.utf8).write(to: directory.appendingPathComponent("server.crt"))
    try Data(identity.keyPEM.utf8).write(to: directory.appendingPathComponent("server.key"))
    let nginx = LocalNginx(port: try await unusedPort(), log: directory.path + "/access.log")
    let configuration = """
        daemon off;
        worker_processes 1;
        pid \(directory.path)/pid;
        error_log \(directory.path)/error.log;
        events {}
        http {
          log_format short '$server_protocol $sent_http_content_encoding';
          access_log \(directory.path)/access.log short;
          client_body_temp_path \(directory.path)/body;
          proxy_temp_path \(directory.path)/proxy;
          fastcgi_temp_path \(directory.path)/fastcgi;
          uwsgi_temp_path \(directory.path)/uwsgi;
          scgi_temp_path \(directory.path)/scgi;
          types { application/json json; }
          gzip on; gzip_types application/json; gzip_min_length 1; gzip_comp_level 9;
          server {
            listen 127.0.0.1:\(nginx.port) ssl http2;
            ssl_certificate \(directory.path)/server.crt;
            ssl_certificate_key \(directory.path)/server.key;
            root \(root.path);
          }
        }

        """
    try Data(configuration.utf8).write(to: directory.appendingPathComponent("nginx.conf"))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: LocalNginx.program ?? "/usr/sbin/nginx")
    process.arguments = ["-p", directory.path, "-c", directory.path + "/nginx.conf"]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    // A worker runs as another user where the master is root.
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory.path)
    try process.run()
    defer { process.terminate() }
    // It listens once its pid file is there.
    for _ in 0..<1500 where process.isRunning {
        if FileManager.default.fileExists(atPath: directory.path + "/pid") { break }
        try await Task.sleep(for: .milliseconds(20))
    }
    try await body(nginx)
}
