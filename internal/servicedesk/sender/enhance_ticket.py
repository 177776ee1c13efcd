#!/usr/bin/env python3
"""Tell AI Agents of a ticket. For ServiceDesk Plus on-premises, as the script of a custom trigger.

usage: enhance_ticket.py $COMPLETE_V3_JSON_FILE [created|updated]

The settings are in ai_agents.json beside this file: gateway_url, tenant_id, signing_secret.
"""
import hashlib
import hmac
import html.parser
import json
import pathlib
import re
import sys
import time
import urllib.error
import urllib.request

MAX_SUBJECT = 250
MAX_DESCRIPTION = 10_000
MAX_PRIORITY = 50
MAX_PERSON = 200
CUT = "\n[shortened]"
TIMEOUT = 10  # seconds, of one attempt
PAUSES = (1, 4)  # seconds, between the attempts


class PlainText(html.parser.HTMLParser):
    """Collects the text of HTML, a line for each block."""

    BLOCKS = {"br", "p", "div", "li", "tr", "table", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6"}
    SILENT = {"script", "style"}

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.parts = []
        self.silent = False

    def handle_starttag(self, tag, attrs):
        if tag in self.SILENT:
            self.silent = True
        elif tag in self.BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag):
        if tag in self.SILENT:
            self.silent = False
        elif tag in self.BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data):
        if not self.silent:
            self.parts.append(re.sub(r"\s+", " ", data))


def plain_text(source):
    parser = PlainText()
    parser.feed(source)
    parser.close()
    lines = (line.strip() for line in "".join(parser.parts).split("\n"))
    return "\n".join(line for line in lines if line)


def shorten(text, limit):
    return text if len(text) <= limit else text[: limit - len(CUT)] + CUT


def name_of(ticket, field):
    return (ticket.get(field) or {}).get("name") or ""


def payload(ticket, event, tenant_id):
    return {
        "tenant_id": tenant_id,
        "ticket_id": str(ticket["id"]),
        "event": event,
        "subject": (ticket.get("subject") or "")[:MAX_SUBJECT],
        "description": shorten(plain_text(ticket.get("description") or ""), MAX_DESCRIPTION),
        "priority": name_of(ticket, "priority")[:MAX_PRIORITY],
        "requester": name_of(ticket, "requester")[:MAX_PERSON],
        "technician": name_of(ticket, "technician")[:MAX_PERSON],
        "timestamp": str(time.time_ns() // 1_000_000),
    }


def send(settings, fields):
    body = json.dumps(fields).encode()
    signature = hmac.new(settings["signing_secret"].encode(), body, hashlib.sha256).hexdigest()
    request = urllib.request.Request(
        settings["gateway_url"].rstrip("/") + "/webhook/servicedesk",
        data=body,
        headers={"Content-Type": "application/json", "X-ServiceDesk-Signature": signature},
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        return json.load(answer)["job_id"]


def main(path, event="created"):
    settings = json.loads((pathlib.Path(__file__).parent / "ai_agents.json").read_text(encoding="utf-8"))
    ticket = json.loads(pathlib.Path(path).read_text(encoding="utf-8-sig"))["request"]
    for pause in (*PAUSES, None):
        try:
            # Dated and signed anew for each attempt: an old signature is refused.
            return "success", "job " + send(settings, payload(ticket, event, settings["tenant_id"]))
        except urllib.error.HTTPError as answer:
            reason = f"status {answer.code}: " + answer.read(2000).decode("utf-8", "replace")
            if answer.code == 429 and pause is not None:  # over the limit
                pause = max(pause, int(answer.headers.get("Retry-After", 60)))
            elif answer.code < 500:
                break  # it would be refused again
        except OSError as failure:  # no answer
            reason = str(failure)
        if pause is not None:
            time.sleep(pause)
    return "failure", reason


if __name__ == "__main__":
    result, message = main(*sys.argv[1:])
    print(json.dumps({"result": result, "message": "AI Agents: " + message}))
