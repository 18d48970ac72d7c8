package dev.mailbell.mail.servers;

import dev.mailbell.mail.Protocol;

/** A real mail server that listens on loopback, in clear text. */
public interface RealMailServer {
    String HOST = "127.0.0.1";

    int port(Protocol protocol);

    /** The password of every user. */
    String password();

    /**
     * A new user that no other test uses, with an empty INBOX and an empty {@linkplain
     * RealMailbox#folder folder}.
     */
    RealMailbox freshUser();
}
