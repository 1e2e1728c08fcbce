"""A real HTTP server on loopback that answers as the Bot API does, or as badly as a test wants it to."""

import json
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

TOKEN = "123456789:AAF-not-a-real-token_0123456789abcdef"
MOST_UNITS = 4096


@dataclass
class Answer:
    """What to say instead of the truth; seconds is how long to keep the caller waiting first."""

    status: int = 200
    body: dict[str, Any] | str = field(default_factory=dict)
    seconds: float = 0.0


@dataclass
class Posted:
    """One message as people see it in the chat."""

    chat_id: str
    text: str
    reply_to: int | None = None


class Receiver:
    """Chats by message number, and everything that was asked. Prepared answers are given first."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.chat: dict[int, Posted] = {}
        self.prepared: deque[Answer] = deque()
        self.moved: dict[str, str] = {}
        self.url = ""

    def say(self, status: int, description: str = "", **parameters: object) -> None:
        """Refuse the next request."""
        body = {"ok": False, "error_code": status, "description": description}
        self.prepared.append(Answer(status, body | ({"parameters": parameters} if parameters else {})))

    def answer(self, path: str, fields: dict[str, Any]) -> Answer:
        """Answer as Telegram would."""
        self.asked.append((path, fields))
        if self.prepared:
            return self.prepared.popleft()
        if not path.startswith(f"/bot{TOKEN}/"):
            return _refused(401, "Unauthorized")
        if fields["chat_id"] in self.moved:
            moved_to = int(self.moved[fields["chat_id"]])
            refused = _refused(400, "Bad Request: group chat was upgraded to a supergroup chat")
            return Answer(400, refused.body | {"parameters": {"migrate_to_chat_id": moved_to}})  # type: ignore[operator]
        try:
            text = seen(fields["text"]) if fields.get("parse_mode") == "HTML" else fields["text"]
        except ValueError as error:
            return _refused(400, f"Bad Request: can't parse entities: {error}")
        if len(text.encode("utf-16-le")) // 2 > MOST_UNITS:
            return _refused(400, "Bad Request: message is too long")
        return self._post(path, fields, text)

    def _post(self, path: str, fields: dict[str, Any], text: str) -> Answer:
        number = fields.get("message_id", 100 + len(self.chat))
        if path.endswith("/editMessageText") and number not in self.chat:
            return _refused(400, "Bad Request: message to edit not found")
        if path.endswith("/editMessageText") and self.chat[number].text == text:
            return _refused(400, "Bad Request: message is not modified")
        reply = fields.get("reply_parameters", {}).get("message_id")
        self.chat[number] = Posted(fields["chat_id"], text, reply)
        return Answer(
            200, {"ok": True, "result": {"message_id": number, "chat": {"id": fields["chat_id"]}, "text": text}}
        )


class _Reader(HTMLParser):
    """Reads markup as strictly as Telegram does: known tags only, each closed in its order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.text = ""
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("b", "pre", "code", "i"):
            raise ValueError(f'unsupported start tag "{tag}"')
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise ValueError(f'unexpected end tag "{tag}"')

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_entityref(self, name: str) -> None:
        self.text += unescape(f"&{name};")


def seen(markup: str) -> str:
    """Return what people see of *markup*; ValueError where Telegram would not read it."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    if reader.open:
        raise ValueError(f"can't find end tag of {reader.open}")
    return reader.text


def _refused(status: int, description: str) -> Answer:
    return Answer(status, {"ok": False, "error_code": status, "description": description})


@contextmanager
def listening() -> Iterator[Receiver]:
    """Run a receiver on a free port of loopback."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            fields = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.reply(receiver.answer(self.path, fields))

        def do_GET(self) -> None:
            receiver.asked.append((self.path, {}))
            self.reply(receiver.prepared.popleft() if receiver.prepared else Answer(200, "OK"))

        def reply(self, answer: Answer) -> None:
            time.sleep(answer.seconds)
            body = (answer.body if isinstance(answer.body, str) else json.dumps(answer.body)).encode()
            try:
                self.send_response(answer.status)
                if 300 <= answer.status < 400:
                    self.send_header("Location", f"{receiver.url}/elsewhere")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                self.close_connection = True  # the caller did not wait

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
