import Foundation
import TestSupport
import Testing

@testable import Libraries

/// Git over its smart HTTP (git-http-backend behind nginx and fcgiwrap) and over ssh, both started here.
@Suite struct GitServerTests {
    static let tools = ["git", "bash", "fcgiwrap", "nginx", "htpasswd"]
    static let hasServers =
        ["git", "bash", "htpasswd"].allSatisfy(isInstalled) && getuid() == 0
        && ["/usr/sbin/nginx", "/usr/sbin/fcgiwrap"].allSatisfy(FileManager.default.isExecutableFile(atPath:))
    static let hasSSH =
        ["git", "ssh", "ssh-keygen", "bash"].allSatisfy(isInstalled) && getuid() == 0
        && FileManager.default.isExecutableFile(atPath: "/usr/sbin/sshd")

    /// Two commits, a tag on the first, a branch of another content.
    private func makeRepository(_ folder: String) async throws -> (first: String, second: String) {
        let work = "\(folder)/work"
        try MadeUpLibrary.write(MadeUpLibrary.files(), to: "\(work)/libraries/acme")
        _ = try LibraryPublishing.writeDigests("\(work)/libraries/acme")
        let git = "git -c user.name=a -c user.email=a@b -c init.defaultBranch=main -c core.hooksPath=/dev/null"
        let start = try await LibrariesTests.run(
            "bash",
            [
                "-c",
                "cd '\(work)' && \(git) init -q . && git add -A && \(git) commit -q -m one && git tag v1 && git rev-parse HEAD",
            ])
        try #require(start.exitCode == 0, "\(start.error)")
        try MadeUpLibrary.write(MadeUpLibrary.files(version: "1.1.0"), to: "\(work)/libraries/acme")
        _ = try LibraryPublishing.writeDigests("\(work)/libraries/acme")
        let next = try await LibrariesTests.run(
            "bash",
            [
                "-c",
                """
                cd '\(work)' && git add -A && \(git) commit -q -m two && git branch next && git rev-parse HEAD
                git reset -q --hard v1
                git clone -q --bare . '\(folder)/www/acme.git'
                git -C '\(folder)/www/acme.git' config uploadpack.allowReachableSHA1InWant true
                """,
            ])
        try #require(next.exitCode == 0, "\(next.error)")
        func commit(_ output: [UInt8]) -> String { String(decoding: output.prefix { $0 > 0x20 }, as: UTF8.self) }
        return (commit(start.output), commit(next.output))
    }

    private func expectVersions(
        _ url: String, _ commits: (first: String, second: String), _ folder: String, _ environment: [String: String]
    ) async throws {
        for (ref, version, commit) in [
            ("", "1.0.0", commits.first), ("ref=v1&", "1.0.0", commits.first), ("ref=main&", "1.0.0", commits.first),
            ("ref=next&", "1.1.0", commits.second), ("ref=\(commits.second)&", "1.1.0", commits.second),
        ] {
            let fetched = try await LibraryReference("\(url)?\(ref)path=libraries/acme").fetch(environment: environment)
            let package = try LibraryPackage(checking: fetched.tree)
            #expect(package.manifest.version.description == version, "\(ref)")
            #expect(fetched.transport == "git:\(commit)", "\(ref)")
        }
        // A branch that has moved on gives what was pinned.
        let pinned = try await LibraryReference("\(url)?ref=next&path=libraries/acme")
            .fetch(environment: environment, pinned: "git:\(commits.first)")
        #expect(pinned.transport == "git:\(commits.first)")
        await expectRefusal([.notFound], "a branch that is not there") {
            try await LibraryReference("\(url)?ref=none").fetch(environment: environment)
        }
        await expectRefusal([.notFound], "a folder that is not there") {
            try await LibraryReference("\(url)?path=none").fetch(environment: environment)
        }
    }

    /// A git that notes what it is given before it goes on as git.
    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/git"), "git is not installed"))
    func `a login of the person's configuration is in no argument`() async throws {
        try await withDirectory { folder in
            let git = """
                #!/bin/sh
                printf '%s\\n' "$*" >> '\(folder)/arguments'
                env >> '\(folder)/environment'
                exec /usr/bin/git "$@"
                """
            try Disk.replace("\(folder)/bin/git", Array(git.utf8))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder)/bin/git")
            let configuration = """
                [http "http://127.0.0.1:1/"]
                    extraheader = "Authorization: Basic made-up=="
                [http]
                    proxy = http://127.0.0.1:1
                """
            try Disk.replace("\(folder)/.gitconfig", Array(configuration.utf8))
            await expectRefusal([.unreachable]) {
                try await LibraryReference("git+http://127.0.0.1:1/acme.git").fetch(
                    environment: personalEnvironment(folder))
            }
            func noted(_ name: String) throws -> String {
                String(decoding: try Disk.contents(of: "\(folder)/\(name)", limit: 1 << 20), as: UTF8.self)
            }
            let arguments = try noted("arguments")
            #expect(arguments.contains(" fetch ") && !arguments.contains("made-up"), "\(arguments)")
            let environment = try noted("environment")
            for line in [
                "GIT_CONFIG_COUNT=2", "GIT_CONFIG_KEY_0=http.http://127.0.0.1:1/.extraheader",
                "GIT_CONFIG_VALUE_0=Authorization: Basic made-up==", "GIT_CONFIG_VALUE_1=http://127.0.0.1:1",
            ] {
                #expect(environment.contains(line), "\(line)")
            }
        }
    }

    @Test(.enabled(if: hasServers, "git, nginx, fcgiwrap, htpasswd or bash is not installed, or this is not root"))
    func `smart HTTP - branch, tag, commit and folder, with the person's own login`() async throws {
        try await withDirectory { folder in
            let commits = try await makeRepository(folder)
            let port = try await unusedPort()
            let backend = try await LibrariesTests.run("git", ["--exec-path"])
            let path = String(decoding: backend.output.prefix { $0 > 0x20 }, as: UTF8.self)
            let fields = [
                "QUERY_STRING $query_string", "REQUEST_METHOD $request_method", "CONTENT_TYPE $content_type",
                "CONTENT_LENGTH $content_length", "REMOTE_USER $remote_user", "HTTP_GIT_PROTOCOL $http_git_protocol",
                "SCRIPT_FILENAME \(path)/git-http-backend", "GIT_PROJECT_ROOT \(folder)/www", "GIT_HTTP_EXPORT_ALL 1",
                "GIT_CONFIG_COUNT 1", "GIT_CONFIG_KEY_0 safe.directory", "GIT_CONFIG_VALUE_0 *", "PATH_INFO $1",
            ].map { "fastcgi_param \($0);" }.joined(separator: " ")
            let configuration = """
                user root; daemon off; master_process off; pid \(folder)/nginx.pid; error_log \(folder)/error.log; events {}
                http {
                    access_log off; client_body_temp_path \(folder)/body; fastcgi_temp_path \(folder)/fastcgi;
                    server {
                        listen 127.0.0.1:\(port);
                        location ~ ^/open(/.*)$ { \(fields) fastcgi_pass unix:\(folder)/cgi.sock; }
                        location ~ ^/closed(/.*)$ {
                            auth_basic "git"; auth_basic_user_file \(folder)/users;
                            \(fields) fastcgi_pass unix:\(folder)/cgi.sock;
                        }
                        location /moved/ { return 302 http://127.0.0.1:\(port)/open$request_uri; }
                    }
                }
                """
            try Disk.replace("\(folder)/nginx.conf", Array(configuration.utf8))
            let users = try await LibrariesTests.run("htpasswd", ["-Bbn", "ada", "secret"])
            try Disk.replace("\(folder)/users", users.output)
            try await withProcess(
                "/usr/sbin/fcgiwrap", ["-s", "unix:\(folder)/cgi.sock"], ready: "[ -S '\(folder)/cgi.sock' ]"
            ) {
                try await withProcess(
                    "/usr/sbin/nginx", ["-c", "\(folder)/nginx.conf", "-e", "\(folder)/error.log"], ready: listens(port)
                ) {
                    let environment = personalEnvironment(folder)
                    let url = "git+http://127.0.0.1:\(port)"
                    try await expectVersions("\(url)/open/acme.git", commits, folder, environment)
                    await expectRefusal([.unreachable], "a redirect") {
                        try await LibraryReference("\(url)/moved/acme.git").fetch(environment: environment)
                    }
                    await expectRefusal([.unreachable], "no login") {
                        try await LibraryReference("\(url)/closed/acme.git?path=libraries/acme").fetch(
                            environment: environment)
                    }
                    // The person's own credential helper; hooks and rewriting of their configuration do not act.
                    try Disk.replace(
                        "\(folder)/.git-credentials", Array("http://ada:secret@127.0.0.1%3a\(port)\n".utf8))
                    let own = """
                        [credential]
                        helper = store
                        [url "http://127.0.0.1:1/"]
                        insteadOf = http://127.0.0.1:\(port)/
                        [core]
                        hooksPath = \(folder)/hooks
                        """
                    try Disk.replace("\(folder)/.gitconfig", Array(own.utf8))
                    let fetched = try await LibraryReference("\(url)/closed/acme.git?path=libraries/acme").fetch(
                        environment: environment)
                    #expect(fetched.transport == "git:\(commits.first)")
                }
            }
        }
    }

    @Test(.enabled(if: hasSSH, "git, ssh, sshd or ssh-keygen is not installed, or this is not root"))
    func `ssh - branch, tag, commit and folder, by key, and no host that is not known`() async throws {
        try await withDirectory { folder in
            let commits = try await makeRepository(folder)
            let port = try await unusedPort()
            let script = """
                set -e; cd '\(folder)'; mkdir -p /run/sshd
                ssh-keygen -q -N '' -t ed25519 -f host; ssh-keygen -q -N '' -t ed25519 -f key
                cp key.pub authorized; chmod 600 authorized
                echo "[127.0.0.1]:\(port) $(cat host.pub)" > known
                cat > sshd.conf <<END
                ListenAddress 127.0.0.1:\(port)
                HostKey \(folder)/host
                AuthorizedKeysFile \(folder)/authorized
                StrictModes no
                UsePAM no
                PasswordAuthentication no
                PermitRootLogin prohibit-password
                PidFile none
                END
                """
            let made = try await LibrariesTests.run("bash", ["-c", script])
            try #require(made.exitCode == 0, "\(made.error)")
            try await withProcess("/usr/sbin/sshd", ["-D", "-f", "\(folder)/sshd.conf"], ready: listens(port)) {
                func ssh(_ known: String) -> [String: String] {
                    personalEnvironment(
                        folder,
                        [
                            "GIT_SSH_COMMAND":
                                "ssh -F /dev/null -o BatchMode=yes -o IdentityFile=\(folder)/key -o UserKnownHostsFile=\(known)"
                        ])
                }
                let url = "git+ssh://root@127.0.0.1:\(port)\(folder)/www/acme.git"
                try await expectVersions(url, commits, folder, ssh("\(folder)/known"))
                await expectRefusal([.unreachable], "an unknown host") {
                    try await LibraryReference(url).fetch(environment: ssh("/dev/null"))
                }
            }
        }
    }

    @Test(.enabled(if: isInstalled("git"), "git is not installed"))
    func `file - what a repository could do elsewhere it does not do here`() async throws {
        try await withDirectory { folder in
            _ = try await makeRepository(folder)
            let work = "\(folder)/work"
            let url = "git+file://\(work)?path=libraries/acme"
            let environment = personalEnvironment(folder)
            for (what, script) in [
                ("a link", "ln -s /etc/passwd libraries/acme/link"),
                ("a program", "echo x > libraries/acme/x && chmod +x libraries/acme/x"),
                ("a submodule", "git -c protocol.file.allow=always submodule --quiet add ./ libraries/acme/sub"),
                ("a name", "echo x > 'libraries/acme/a b'"),
                ("another case", "echo x > libraries/acme/LIBRARY.yaml"),
            ] {
                let made = try await LibrariesTests.run(
                    "bash",
                    [
                        "-c",
                        "cd '\(work)' && git reset -q --hard v1 && git clean -qfdx && \(script) && git add -A && git -c user.name=a -c user.email=a@b commit -q -m x",
                    ])
                try #require(made.exitCode == 0, "\(what): \(made.error)")
                await expectRefusal([.unsafeEntry, .unsafePath, .duplicateFile], what) {
                    try await LibraryReference(url).fetch(environment: environment)
                }
            }
            // Filters, substitutions and line endings of .gitattributes change no byte, and hooks do not run.
            let made = try await LibrariesTests.run(
                "bash",
                [
                    "-c",
                    """
                    set -e; cd '\(work)'; git reset -q --hard v1; git clean -qfdx
                    printf '* export-subst eol=crlf text filter=evil ident\\n' > libraries/acme/.gitattributes
                    git config filter.evil.smudge "touch '\(folder)/smudged'"
                    for hook in post-checkout reference-transaction pre-upload; do
                        printf '#!/bin/sh\\ntouch \(folder)/hooked\\n' > .git/hooks/$hook; chmod +x .git/hooks/$hook
                    done
                    git -c core.hooksPath=/dev/null add -f libraries/acme/.gitattributes
                    git -c core.hooksPath=/dev/null -c user.name=a -c user.email=a@b commit -q -m x
                    rm -f '\(folder)/hooked' '\(folder)/smudged'
                    """,
                ])
            try #require(made.exitCode == 0, "\(made.error)")
            let fetched = try await LibraryReference(url).fetch(environment: environment)
            #expect(try LibraryPackage(checking: fetched.tree).title == "acme 1.0.0")
            for trace in ["hooked", "smudged"] { #expect(!Disk.exists("\(folder)/\(trace)"), "\(trace)") }
        }
    }
}
