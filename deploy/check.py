#!/usr/bin/env python3
"""Runs deploy/nginx.conf for real, on loopback, twice in a row, before a small server that streams.

    deploy/check.py                     nginx and the stand-in server
    deploy/check.py --gridworker BIN    and the service itself behind two hops

Needs nginx and openssl (Debian: apt-get install nginx openssl) and nothing else; writes only to a temporary folder.
Exit code 0 = all right, 1 = something is wrong, 77 = nginx is not here, nothing was checked.
"""

import argparse
import hashlib
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HERE = pathlib.Path(__file__).resolve().parent
EVENTS, STEP = 6, 0.3  # a stream of six events, one each 300 ms
LATE = 0.15  # seconds after which an event counts as held back
STREAM = "/api/v1/conversations/c1/turns/t1/events"
LIMIT = 46 * 1024 * 1024
MARK = "q-must-not-be-logged"
BEARER = "b-must-not-be-logged"
CLIENT = "127.0.0.9"  # the resident: another loopback address than the hops'

failures = 0


def check(good, what, seen=""):
    """Prints one line; a wrong one makes the exit code 1."""
    global failures
    failures += not good
    print(f"{'ok  ' if good else 'FAIL'}  {what}{f'  [{seen}]' if seen != '' else ''}", flush=True)


# ---- the stand-in for the service ------------------------------------------------------------------------------------


class StandIn(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen = []  # (path, headers) of every request

    def log_message(self, *_):
        pass

    def do_GET(self):
        StandIn.seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        path = self.path.split("?")[0]
        if path.endswith("/events") or path == "/elsewhere":
            return self.stream()
        if path == "/slow":
            time.sleep(3)
        headers = {"Content-Type": "application/json"}
        if path == "/chat":
            headers |= {"Content-Type": "text/html", "Content-Security-Policy": "default-src 'self'; frame-ancestors *",
                        "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}
        self.answer(429 if path == "/limited" else 200, json.dumps({"path": self.path, "address": self.connection.getsockname()[0]}).encode(), headers)

    def do_POST(self):
        StandIn.seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        digest, left = hashlib.sha256(), int(self.headers["Content-Length"])
        while left and (piece := self.rfile.read(min(left, 65536))):
            digest.update(piece)
            left -= len(piece)
        if self.path.endswith("/messages"):
            return self.stream()
        self.answer(201, json.dumps({"sha256": digest.hexdigest()}).encode(), {"Content-Type": "application/json"})

    def answer(self, status, body, headers):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def stream(self):
        """As the service does it: chunked, and marked against buffering."""
        self.send_response(200)
        for name, value in {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no",
                            "Transfer-Encoding": "chunked"}.items():
            self.send_header(name, value)
        self.end_headers()
        after = int(self.headers.get("Last-Event-ID", "0"))
        for number in range(after + 1, after + EVENTS + 1):
            event = f"id: {number}\nevent: delta\ndata: {time.monotonic()}\n\n".encode()
            self.wfile.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")
            self.wfile.flush()
            time.sleep(STEP)
        self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True


# ---- nginx -----------------------------------------------------------------------------------------------------------


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Nginx:
    """deploy/nginx.conf with other addresses and folders, or `text` in its place."""

    def __init__(self, folder, name, upstream, snippets=(), change=None, text=None):
        self.port, self.tls_port = free_port(), free_port()
        self.health_port = free_port()
        self.folder = folder / name
        site = self.folder / "server.d"
        site.mkdir(parents=True)
        for snippet in snippets:
            lines = (HERE / snippet).read_text()
            lines = lines.replace("listen 8443 ", f"listen 127.0.0.1:{self.tls_port} ").replace("/etc/nginx/tls", str(folder))
            lines = lines.replace("192.0.2.10", "127.0.0.1")
            (site / snippet).write_text(lines)
        conf = text or (HERE / "nginx.conf").read_text()
        if change:
            conf = change(conf)
        for old, new in [
            ("gridworker:8080", upstream if isinstance(upstream, str) else f"127.0.0.1:{upstream}"),
            ("listen 8080 ", f"listen 127.0.0.1:{self.port} "),
            ("listen 127.0.0.1:8081;", f"listen 127.0.0.1:{self.health_port};"),
            ("/etc/nginx/server.d", str(site)),
            ("/tmp/nginx", f"{self.folder}/nginx"),
            ("/dev/stdout", f"{self.folder}/access.log"),
            ("error_log stderr", f"error_log {self.folder}/error.log"),
        ]:
            if old not in conf and text is None:
                raise SystemExit(f"{name}: “{old}” is no longer in deploy/nginx.conf")
            conf = conf.replace(old, new)
        self.conf = self.folder / "nginx.conf"
        self.conf.write_text(conf)
        self.arguments = ["nginx", "-e", str(self.folder / "start.log"), "-p", str(self.folder), "-c", str(self.conf)]
        self.tested = subprocess.run([*self.arguments, "-t"], capture_output=True, text=True)
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen([*self.arguments, "-g", "daemon off;"], stderr=subprocess.PIPE)
        wait_for(self.port)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        self.process.stderr.close()

    def logs(self, last):
        """All that it logged, once `last` is in it: a line is written only after its answer is."""
        until = time.monotonic() + 3
        while last not in (text := "".join(p.read_text(errors="replace") for p in self.folder.glob("*.log"))) and time.monotonic() < until:
            time.sleep(0.02)
        return text


# A front proxy that knows nothing of streams: nginx as it comes, with buffering and HTTP/1.0 behind it.
PLAIN = """pid /tmp/nginx.pid;
error_log stderr crit;
events {}
http {
    client_body_temp_path /tmp/nginx-1; proxy_temp_path /tmp/nginx-2; fastcgi_temp_path /tmp/nginx-3;
    uwsgi_temp_path /tmp/nginx-4; scgi_temp_path /tmp/nginx-5;
    access_log off;
    server { listen 8080 default_server; client_max_body_size 60m; location / { proxy_pass http://gridworker:8080; } }
}
"""


def wait_for(port, seconds=10.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"nothing listens on {port}")


# ---- the client ------------------------------------------------------------------------------------------------------


def call(port, method, path, body=None, headers=None, tls=None):
    """One request from the resident's address. The connection stays open for reading a stream."""
    plain = {"source_address": (CLIENT, 0), "timeout": 30}
    link = http.client.HTTPSConnection("127.0.0.1", port, context=tls, **plain) if tls else http.client.HTTPConnection("127.0.0.1", port, **plain)
    link.request(method, path, body, headers or {})
    return link.getresponse()


def read_events(response):
    """(number, seconds since the server wrote it, moment of arrival) of each event of the stand-in, as it comes."""
    out, number = [], 0
    while line := response.readline():
        if line.startswith(b"id: "):
            number = int(line[4:])
        elif line.startswith(b"data: "):
            now = time.monotonic()
            out.append((number, now - float(line[6:]), now))
    return out


def stream(port, method="GET", path=STREAM, tls=None):
    body = b'{"text":"x"}' if method == "POST" else None
    response = call(port, method, path, body, {"Accept": "text/event-stream", "Authorization": f"Bearer {BEARER}"}, tls)
    return response, read_events(response)


def punctual(events):
    gaps = [b[2] - a[2] for a, b in zip(events, events[1:])]
    return len(events) == EVENTS and max(e[1] for e in events) < LATE and min(gaps) > STEP / 2


def shown(events):
    start = events[0][2] if events else 0
    return " ".join(f"+{at - start:.3f}s(late {late * 1000:.1f}ms)" for _, late, at in events)


# ---- what is checked -------------------------------------------------------------------------------------------------


def check_streams(folder, service):
    with Nginx(folder, "inner", service) as inner, Nginx(folder, "outer", inner.port) as outer:
        check(inner.tested.returncode == 0 and "warn" not in inner.tested.stderr, "nginx -t takes deploy/nginx.conf without a warning",
              inner.tested.stderr.strip().splitlines()[-1])
        for method, path in [("GET", STREAM), ("GET", "/api/v1/conversations/c1/events"), ("POST", "/api/v1/conversations/c1/messages"), ("GET", "/elsewhere")]:
            response, events = stream(outer.port, method, path)
            check(punctual(events), f"two hops, {method} {path}: one event at a time", shown(events))
            check(response.getheader("Content-Encoding") is None, "  and not compressed")
        with Nginx(folder, "front", inner.port, text=PLAIN) as front:
            _, events = stream(front.port)
            check(punctual(events), "an untuned nginx before ours: one event at a time", shown(events))
        # The same without what makes it so: if this came in time too, the checks above would show nothing.
        drop = lambda conf: conf.replace("proxy_pass_header X-Accel-Buffering;", "")
        with Nginx(folder, "mute", service, change=drop) as mute, Nginx(folder, "front2", mute.port, text=PLAIN) as front:
            _, events = stream(front.port)
            check(not punctual(events), "counter-proof: without passing X-Accel-Buffering on, the untuned nginx holds events back", shown(events))
        check_headers(inner, outer)
        check_bodies(outer)
        check_hidden(outer)
        last = "/api/v1/channels/last"
        call(outer.port, "GET", f"{last}?after={MARK}", headers={"Authorization": f"Bearer {BEARER}"}).read()
        for hop in (inner, outer):
            logs = hop.logs(last)
            check(STREAM in logs and last in logs and MARK not in logs and BEARER not in logs and "?" not in logs and CLIENT not in logs,
                  f"log of the {hop.folder.name} hop: paths, but no query, bearer or whole address", f"{len(logs.splitlines())} lines")
        line = json.loads(next(line for line in outer.logs(last).splitlines() if line.startswith("{")))
        check(line["net"] == "127.0.0.0" and line["status"] == 200, "  and each line is JSON", json.dumps(line))
        for port, path, fine in [(inner.health_port, "/live", True), (inner.port, "/limited", False), (free_port(), "/live", False)]:
            got = subprocess.run([HERE / "healthcheck.sh", str(port), path]).returncode
            check((got == 0) == fine, f"healthcheck.sh {path}: {'healthy' if fine else 'not healthy'}", got)
    hours = re.search(r"proxy_buffering\s+off;\s+proxy_cache\s+off;\s+proxy_read_timeout (\d+)h;", (HERE / "nginx.conf").read_text())
    check(hours and int(hours[1]) >= 1, "streams may be silent for an hour or more (read, not waited for)", hours and hours[1] + "h")


def check_headers(inner, outer):
    sent = {"Authorization": f"Bearer {BEARER}", "Last-Event-ID": "41", "Idempotency-Key": "k-1", "X-Forwarded-For": "203.0.113.5",
            "webhook-id": "m-1", "webhook-timestamp": "1", "webhook-signature": "v1,x", "Connection": "close"}
    events = read_events(call(outer.port, "GET", STREAM, headers=sent))
    got = StandIn.seen[-1][1]
    check(events[0][0] == 42, "Last-Event-ID passes two hops: the stream goes on after it", f"first id {events[0][0]}")
    names = ["authorization", "idempotency-key", "webhook-id", "webhook-timestamp", "webhook-signature"]
    check(all(got.get(n) == dict((k.lower(), v) for k, v in sent.items())[n] for n in names), "bearer, idempotency key and webhook headers pass two hops")
    check("connection" not in got and re.fullmatch("[0-9a-f]{32}", got["x-request-id"]), "no Connection header; a request id", got["x-request-id"])
    check(got["x-forwarded-for"] == f"203.0.113.5, {CLIENT}, 127.0.0.1", "X-Forwarded-For is appended, never replaced", got["x-forwarded-for"])
    read_events(call(inner.port, "GET", STREAM, headers={"X-Forwarded-For": "203.0.113.5"}))
    last = StandIn.seen[-1][1]["x-forwarded-for"].split(", ")[-1]
    check(last == CLIENT, "one hop: its last entry is the caller, whatever the caller claims", last)
    own = call(outer.port, "GET", "/chat").headers
    check(own.get_all("Content-Security-Policy") == ["default-src 'self'; frame-ancestors *"] and own.get_all("Referrer-Policy") == ["same-origin"]
          and own.get_all("X-Content-Type-Options") == ["nosniff"] and "X-Frame-Options" not in own, "a page keeps the service's own policy, once each")
    bare = call(outer.port, "GET", "/limited")
    added = [bare.headers.get_all(n) for n in ("Content-Security-Policy", "Referrer-Policy", "X-Content-Type-Options")]
    check(bare.status == 429 and added == [["default-src 'none'; frame-ancestors 'none'"], ["no-referrer"], ["nosniff"]], "an answer without them gets them, once each")


def check_bodies(outer):
    whole = os.urandom(LIMIT)
    response = call(outer.port, "POST", "/api/v1/attachments", whole, {"Content-Type": "application/octet-stream"})
    same = json.loads(response.read()).get("sha256") == hashlib.sha256(whole).hexdigest()
    check(response.status == 201 and same, "a body of 46 MiB arrives whole through two hops", f"{LIMIT} bytes")
    head = f"POST /api/v1/attachments HTTP/1.1\r\nHost: x\r\nContent-Length: {LIMIT + 1}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", outer.port), 5) as s:
        s.sendall(head)
        reply = s.recv(65536).decode()
    check(" 413 " in reply and "application/problem+json" in reply and '"code":"too_large"' in reply, "one byte more: 413 as problem+json", reply.splitlines()[0])


def check_hidden(outer):
    before = len(StandIn.seen)
    for path in ["/metrics", "//metrics", "/x/../metrics", "/%6detrics", "/metrics?a=b", "/./metrics"]:
        with socket.create_connection(("127.0.0.1", outer.port), 5) as s:
            s.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            reply = s.makefile("rb").read().decode()
        check(" 404 " in reply.splitlines()[0] and '"code":"not_found"' in reply, f"{path} is not there from outside")
    check(len(StandIn.seen) == before, "  and never reached the service")


def check_failures(folder):
    with Nginx(folder, "alone", free_port()) as alone:
        response = call(alone.port, "GET", f"/api/v1/channels/web?x={MARK}", headers={"Authorization": f"Bearer {BEARER}"})
        body = json.loads(response.read())
        check(response.status == 503 and body["code"] == "unavailable" and response.getheader("Retry-After") == "2"
              and response.getheader("Content-Type") == "application/problem+json", "no service: 503 as problem+json with Retry-After", body["detail"])
        logs = alone.logs("/api/v1/channels/web")
        check("/api/v1/channels/web" in logs and MARK not in logs and BEARER not in logs and CLIENT not in logs, "  and nothing of the request in any log")


def check_site(folder, service):
    key, cert = folder / "privkey.pem", folder / "fullchain.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    with Nginx(folder, "tls", service, snippets=["tls.conf"]) as tls:
        context = ssl._create_unverified_context()
        response, events = stream(tls.tls_port, tls=context)
        check(punctual(events), "deploy/tls.conf: one event at a time over TLS", shown(events))
        check(response.getheader("Strict-Transport-Security") and not call(tls.port, "GET", "/chat").getheader("Strict-Transport-Security"),
              "  HSTS over TLS and only there")
        context.set_alpn_protocols(["h2", "http/1.1"])
        with context.wrap_socket(socket.create_connection(("127.0.0.1", tls.tls_port))) as s:
            check(s.selected_alpn_protocol() == "h2", "  HTTP/2 is offered")
    with Nginx(folder, "second", service, snippets=["behind-proxy.conf"]) as second, Nginx(folder, "first", second.port) as first:
        read_events(call(first.port, "GET", STREAM, headers={"X-Forwarded-For": "203.0.113.5"}))
        last = StandIn.seen[-1][1]["x-forwarded-for"].split(", ")[-1]
        check(last == CLIENT, "deploy/behind-proxy.conf: behind two hops the last entry is the caller", last)


class Names(threading.Thread):
    """A name server like Docker's: every name is `address`."""

    def __init__(self):
        super().__init__(daemon=True)
        self.address, self.socket = "127.0.0.1", socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.start()

    def run(self):
        while True:
            query, asker = self.socket.recvfrom(512)
            question = query[12:query.index(0, 12) + 5]
            answer = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 1, 4) + socket.inet_aton(self.address)
            self.socket.sendto(query[:2] + b"\x81\x80" + struct.pack("!HHHH", 1, 1, 0, 0) + question + answer, asker)


def check_names(folder, service):
    names = Names()
    change = lambda conf: conf.replace("resolver 127.0.0.11 valid=10s", f"resolver 127.0.0.1:{names.socket.getsockname()[1]} valid=1s")
    with Nginx(folder, "named", f"gridworker:{service}", change=change) as named:
        places = []
        for names.address in ["127.0.0.1", "127.0.0.3"]:
            time.sleep(2)
            places += [json.loads(call(named.port, "GET", "/where").read())["address"] for _ in range(2)][-1:]
        check(places == ["127.0.0.1", "127.0.0.3"], "the service is found by name, and again under another address", places)


def check_gridworker(folder, binary):
    """The service itself: a question through two hops, resumed in the middle."""
    port, data = free_port(), folder / "data"
    env = {"PATH": os.environ["PATH"], "GRIDWORKER__SERVER__LISTEN": f"127.0.0.1:{port}", "GRIDWORKER__STORAGE__DATA_DIR": str(data),
           "GRIDWORKER__KNOWLEDGE__SEED": "true", "GRIDWORKER__SERVER__TRUST_FORWARDED_FOR": "true", "GRIDWORKER__LIMITS__CONVERSATIONS_PER_MINUTE": "3",
           "GRIDWORKER__LIMITS__LOOPBACK_EXEMPT": "false", "GRIDWORKER__LOG__FILTER": "error"}
    run = subprocess.Popen([binary, "serve"], env=env, cwd=folder, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, 60)
        ready = lambda: subprocess.run([HERE / "healthcheck.sh", str(port), "/health/ready"]).returncode == 0
        until = time.monotonic() + 120
        while not ready() and time.monotonic() < until:
            time.sleep(0.2)
        check(ready(), "the service is ready, says healthcheck.sh")
        with Nginx(folder, "near", port, snippets=["behind-proxy.conf"]) as near, Nginx(folder, "far", near.port) as far:
            made = json.loads(call(far.port, "POST", "/api/v1/conversations", b"{}", {"Content-Type": "application/json"}).read())
            who = {"Authorization": f"Bearer {made['token']}", "Content-Type": "application/json", "Accept": "text/event-stream"}
            asked = json.dumps({"client_message_id": "m1", "text": "小区里电动自行车可以推上楼充电吗"}).encode()
            where, began = f"/api/v1/conversations/{made['conversation_id']}", time.monotonic()
            response, seen, turn = call(far.port, "POST", f"{where}/messages", asked, who), [], ""
            for line in iter(response.readline, b""):
                if line.startswith((b"id: ", b"id:")):
                    seen.append([line.split(b":")[1].strip().decode(), "", time.monotonic() - began])
                elif line.startswith(b"event:") and seen:
                    seen[-1][1] = line.split(b":")[1].strip().decode()
                elif line.startswith(b"data:") and b"turn_id" in line and not turn:
                    turn = json.loads(line[5:])["turn_id"]
            check(seen and seen[-1][1] == "done", "a question through two hops, to its end", f"{len(seen)} events: " + " ".join(f"{e[1]}+{e[2] * 1000:.0f}ms" for e in seen[:8]))
            after = seen[len(seen) // 2][0]
            again = call(far.port, "GET", f"{where}/turns/{turn}/events", headers={**who, "Last-Event-ID": after}).read()
            first = re.search(rb"^id: ?(\d+)", again, re.M)
            check(first and int(first[1]) == int(after) + 1 and b"event: done" in again.replace(b"event:done", b"event: done"), "  and resumed after Last-Event-ID", f"asked after {after}, got {first and first[1].decode()}")
            opened = [call(far.port, "POST", "/api/v1/conversations", b"{}", {"Content-Type": "application/json"}).status for _ in range(4)]
            direct = http.client.HTTPConnection("127.0.0.1", far.port, timeout=10)
            direct.request("POST", "/api/v1/conversations", b"{}", {"Content-Type": "application/json"})
            other = direct.getresponse().status
            check(429 in opened and other == 201, "limits count each caller behind the two hops alone", f"{opened}, another caller {other}")
        began = time.monotonic()
        run.terminate()
        run.wait(15)
        check(time.monotonic() - began < 10 and run.returncode == 0, "SIGTERM ends the service within 10 s", f"{time.monotonic() - began:.1f}s, code {run.returncode}")
    finally:
        run.kill()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--gridworker", metavar="BIN", type=pathlib.Path, help="also put this binary behind the two hops")
    chosen = arguments.parse_args()
    if not shutil.which("nginx"):
        print("skipped: nginx is not installed (Debian: apt-get install nginx)")
        return 77
    print(subprocess.run(["nginx", "-v"], capture_output=True, text=True).stderr.strip())
    service = ThreadingHTTPServer(("127.0.0.1", 0), StandIn)
    for server in (service, ThreadingHTTPServer(("127.0.0.3", service.server_port), StandIn)):
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="gridworker-nginx-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o711)  # nginx started by root works as another user
        check_streams(folder, service.server_port)
        check_failures(folder)
        check_site(folder, service.server_port)
        check_names(folder, service.server_port)
        if chosen.gridworker:
            check_gridworker(folder, chosen.gridworker.resolve())
    print(f"{failures} wrong" if failures else "all right")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
