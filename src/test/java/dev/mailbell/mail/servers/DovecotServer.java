package dev.mailbell.mail.servers;

import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.dovecot.Dovecot;
import dev.mailbell.mail.dovecot.Maildir;
import java.util.EnumSet;
import java.util.Set;

/** The shared Dovecot as one make of many. */
final class DovecotServer implements RealMailServer {
    private static final DovecotServer SHARED = new DovecotServer(Dovecot.shared());

    private final Dovecot dovecot;

    private DovecotServer(Dovecot dovecot) {
        this.dovecot = dovecot;
    }

    static DovecotServer shared() {
        return SHARED;
    }

    @Override
    public int port(Protocol protocol) {
        return protocol == Protocol.IMAP ? dovecot.imapPort() : dovecot.pop3Port();
    }

    @Override
    public String password() {
        return Dovecot.PASSWORD;
    }

    @Override
    public RealMailbox freshUser() {
        return new Mail(dovecot.freshUser());
    }

    private final class Mail extends Maildirs {
        Mail(Maildir maildir) {
            super(maildir.root(), maildir.user());
        }

        @Override
        public String folder() {
            return "Work";
        }

        @Override
        public Set<Step> steps(Protocol protocol) {
            // Its POP3 UIDs are those of IMAP: without the index all of them are others.
            return protocol == Protocol.POP3
                    ? EnumSet.complementOf(EnumSet.of(Step.REINDEX))
                    : EnumSet.allOf(Step.class);
        }

        @Override
        public void reindex(String mailbox) {
            deleteFiles(mailbox, "dovecot.index");
            deleteFiles(mailbox, "dovecot-uidlist");
        }

        @Override
        public int openForWriting(String mailbox) {
            try (ImapClient client =
                    new ImapClient(DovecotServer.this, port(Protocol.IMAP), user())) {
                return client.recent(mailbox);
            }
        }

        @Override
        public int unread(String mailbox) {
            try (ImapClient client =
                    new ImapClient(DovecotServer.this, port(Protocol.IMAP), user())) {
                return client.unread(mailbox);
            }
        }
    }
}
