#!/usr/bin/env python3
"""Hands the state of a polling script to Mailbell: the mail that the script has is never announced.

Usage: take_over.py ACCOUNT STATE

ACCOUNT is the id of the account in Mailbell, STATE a file of JSON:
  IMAP: {"uidValidity": 1713632002, "uid": 41}     the script has everything up to this UID
  POP3: {"uidl": ["a1", "a2", ...]}                the UIDs of all messages that the script has
MAILBELL_URL and MAILBELL_KEY name the API and a key. For POP3 also MAIL_HOST, MAIL_PORT, MAIL_LOGIN and MAIL_PASSWORD;
MAIL_CLEARTEXT=1 connects without TLS.
"""
import json
import os
import poplib
import sys
import urllib.error
import urllib.request


def position_by_pop3(known):
    """The last message, in the order of the server, up to which the script has all; None if it lacks the first one."""
    connect = poplib.POP3 if os.environ.get("MAIL_CLEARTEXT") else poplib.POP3_SSL
    server = connect(os.environ["MAIL_HOST"], int(os.environ["MAIL_PORT"]), timeout=30)
    server.user(os.environ["MAIL_LOGIN"])
    server.pass_(os.environ["MAIL_PASSWORD"])
    listed = [line.decode("latin-1").split(" ", 1)[1] for line in server.uidl()[1]]
    server.quit()
    last = None
    for uid in listed:
        if uid not in known:
            break
        last = uid
    return last


def set_position(account, position):
    request = urllib.request.Request(
        f"{os.environ['MAILBELL_URL']}/v1/accounts/{account}/mailboxes/INBOX/position",
        method="PUT",
        data=json.dumps(position).encode(),
        headers={"Authorization": f"Bearer {os.environ['MAILBELL_KEY']}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        problem = json.load(refused)
        sys.exit(f"take_over.py: {problem['detail']}")
    except OSError as fault:
        sys.exit(f"take_over.py: {os.environ['MAILBELL_URL']} cannot be reached: {fault}")


def main(account, file):
    try:
        with open(file, encoding="utf-8") as opened:
            state = json.load(opened)
    except OSError as fault:
        sys.exit(f"take_over.py: {file} cannot be read: {fault.strerror}")
    except ValueError:
        sys.exit(f"take_over.py: {file} is not JSON")
    if "uidl" in state:
        uid = position_by_pop3(set(state["uidl"]))
        if uid is None:
            sys.exit("take_over.py: the script lacks the first message of the maildrop: fetch it, and run this again")
        position = {"uid": uid}
    else:
        position = {"uid": str(state["uid"]), "uidValidity": state["uidValidity"]}
    mailbox = set_position(account, position)
    print(f"{mailbox['pendingCount']} messages to fetch; Mailbell announces what comes from now on")


if len(sys.argv) != 3:
    print(__doc__.partition("\n\n")[2].strip(), file=sys.stderr)
    sys.exit(2)
missing = [name for name in ("MAILBELL_URL", "MAILBELL_KEY") if not os.environ.get(name)]
if missing:
    sys.exit(f"take_over.py: set {' and '.join(missing)}")
main(sys.argv[1], sys.argv[2])
