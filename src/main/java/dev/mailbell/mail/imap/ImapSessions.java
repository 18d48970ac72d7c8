package dev.mailbell.mail.imap;

import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailConnector;
import dev.mailbell.mail.MailServers;
import dev.mailbell.network.Deadline;

/** Opens IMAP sessions. */
public final class ImapSessions implements MailServers {
    /** Several searches that list 1,000,000 UIDs one by one. */
    public static final long BYTE_BUDGET = 64L << 20;

    private final MailConnector connector;
    private final long byteBudget;

    public ImapSessions(MailConnector connector) {
        this(connector, BYTE_BUDGET);
    }

    /**
     * @param byteBudget how many octets a server may send in a session, or between two {@link
     *     ImapSession#renew}; more is a protocol_error
     */
    public ImapSessions(MailConnector connector, long byteBudget) {
        this.connector = connector;
        this.byteBudget = byteBudget;
    }

    @Override
    public ImapSession open(Login login, Deadline deadline) {
        ImapWire wire = ImapWire.over(connector.open(login, deadline, byteBudget));
        try {
            return new ImapSession(wire, new ImapLogin(wire, login).enter(), deadline, byteBudget);
        } catch (RuntimeException e) {
            ImapSession.goodbye(wire, deadline);
            throw e;
        }
    }
}
