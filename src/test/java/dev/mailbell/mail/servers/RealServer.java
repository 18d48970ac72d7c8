package dev.mailbell.mail.servers;

import java.util.function.Supplier;

/** The kinds of mail servers; each is started when it is first used. */
public enum RealServer implements Supplier<RealMailServer> {
    DOVECOT {
        @Override
        public RealMailServer get() {
            return DovecotServer.shared();
        }
    },
    COURIER {
        @Override
        public RealMailServer get() {
            return Courier.shared();
        }
    },
    MAILUTILS {
        @Override
        public RealMailServer get() {
            return Mailutils.shared();
        }
    },
    CYRUS {
        @Override
        public RealMailServer get() {
            return Cyrus.shared();
        }
    }
}
