package dev.mailbell.mail.pop3;

import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailConnector;
import dev.mailbell.mail.MailServers;
import dev.mailbell.mail.MailSession;
import dev.mailbell.network.Deadline;

/** Opens POP3 sessions. */
public final class Pop3Sessions implements MailServers {
    /** The listings of 1,000,000 messages with UIDs of 70 octets take 90 MB. */
    public static final long BYTE_BUDGET = 128L << 20;

    private final MailConnector connector;
    private final long byteBudget;

    public Pop3Sessions(MailConnector connector) {
        this(connector, BYTE_BUDGET);
    }

    /**
     * @param byteBudget how many octets a server may send in one session; more is a protocol_error
     */
    public Pop3Sessions(MailConnector connector, long byteBudget) {
        this.connector = connector;
        this.byteBudget = byteBudget;
    }

    @Override
    public MailSession open(Login login, Deadline deadline) {
        Pop3Wire wire = new Pop3Wire(connector.open(login, deadline, byteBudget));
        try {
            return new Pop3Session(wire, new Pop3Login(wire, login).enter(), deadline);
        } catch (RuntimeException e) {
            Pop3Session.goodbye(wire, deadline);
            throw e;
        }
    }
}
