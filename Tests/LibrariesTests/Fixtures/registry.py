"""A registry in memory: distribution-spec 1.1 with the referrers API and token logins, and a folder of files.

Usage: registry.py FOLDER [token]; prints its port. Debian's docker-registry has neither of the two.
"""
import base64, hashlib, json, os, sys, urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

folder, wants_token = sys.argv[1], "token" in sys.argv[2:]
blobs, manifests, referrers, requests = {}, {}, {}, []


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Registry(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def serve(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        login = self.headers.get("Authorization", "")
        requests.append([self.command, self.path, login.split(" ")[0]])
        if url.path == "/requests":
            return self.answer(200, json.dumps(requests).encode())
        if url.path == "/token":
            if login != "Basic " + base64.b64encode(b"ada:secret").decode():
                return self.answer(401)
            return self.answer(200, json.dumps({"token": query.get("scope", "")}).encode())
        if url.path.startswith("/files/"):
            path = os.path.join(folder, os.path.basename(url.path))
            if not os.path.isfile(path):
                return self.answer(404)
            with open(path, "rb") as file:
                return self.answer(200, file.read(), Content_Type="application/gzip")
        parts = url.path.split("/")
        hosts = {"path": "", "same": "http://127.0.0.1", "other": "http://localhost"}
        if parts[-2:] == ["tags", "list"] and parts[-3] in hosts:
            # The first page leads to the second one, in the way that the repository's name says.
            if "last" in query:
                return self.answer(200, json.dumps({"tags": ["1.1.0"]}).encode())
            own = f"{url.path}?n=1000&last=1.0.0"
            host = hosts[parts[-3]]
            link = (f"{host}:{self.server.server_port}" if host else "") + own
            return self.answer(200, json.dumps({"tags": ["1.0.0"]}).encode(), Link=f'<{link}>; rel="next"')
        for kind in ("blobs", "manifests", "referrers"):
            if kind in parts:
                place = len(parts) - 1 - parts[::-1].index(kind)
                break
        else:
            return self.answer(404)
        name, rest = "/".join(parts[2:place]), "/".join(parts[place + 1:])
        if wants_token:
            wanted = f"repository:{name}:" + ("pull" if self.command in ("GET", "HEAD") else "pull,push")
            if login not in ("Bearer " + wanted, "Bearer " + f"repository:{name}:pull,push"):
                realm = f"http://127.0.0.1:{self.server.server_port}/token"
                return self.answer(
                    401, WWW_Authenticate=f'Bearer realm="{realm}",service="made-up",scope="{wanted}"')
        if kind == "referrers":
            items = list(referrers.get((name, rest), {}).values())
            index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": items}
            return self.answer(200, json.dumps(index).encode())
        if kind == "blobs" and self.command == "POST":
            return self.answer(202, Location=f"/v2/{name}/blobs/uploads/1")
        if kind == "blobs" and self.command == "PUT":
            if digest(body) != query.get("digest"):
                return self.answer(400)
            blobs[name, query["digest"]] = body
            return self.answer(201)
        if kind == "manifests" and self.command == "PUT":
            if rest.startswith("sha256-"):
                return self.answer(405)
            document, found = json.loads(body), digest(body)
            manifests[name, rest] = manifests[name, found] = body
            subject = document.get("subject")
            if not subject:
                return self.answer(201)
            referrers.setdefault((name, subject["digest"]), {})[found] = {
                "mediaType": document["mediaType"], "digest": found, "size": len(body),
                "artifactType": document["artifactType"]}
            return self.answer(201, OCI_Subject=subject["digest"])
        found = (blobs if kind == "blobs" else manifests).get((name, rest))
        return self.answer(404) if found is None else self.answer(200, found)

    do_GET = do_HEAD = do_POST = do_PUT = serve


server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
print(server.server_port, flush=True)
server.serve_forever()
