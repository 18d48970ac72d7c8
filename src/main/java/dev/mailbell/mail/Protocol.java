package dev.mailbell.mail;

/** The protocol by which a mailbox is read. */
public enum Protocol {
    IMAP(993, 143),
    POP3(995, 110);

    private final int tlsPort;
    private final int plainPort;

    Protocol(int tlsPort, int plainPort) {
        this.tlsPort = tlsPort;
        this.plainPort = plainPort;
    }

    /**
     * The registered port: 993 and 995 for TLS from the first byte, 143 and 110 otherwise (RFC
     * 8314).
     */
    public int defaultPort(Security security) {
        return security == Security.TLS ? tlsPort : plainPort;
    }
}
