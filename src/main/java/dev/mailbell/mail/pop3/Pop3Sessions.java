package dev.mailbell.mail.pop3;

import dev.mailbell.mail.HostRungs;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailConnector;
import dev.mailbell.mail.MailServers;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mail.auth.LoginWays;
import dev.mailbell.network.Deadline;

/** Opens POP3 sessions. */
public final class Pop3Sessions implements MailServers {
    /** The listings of 1,000,000 messages with UIDs of 70 octets take 90 MB. */
    static final long BYTE_BUDGET = 128L << 20;

    private final MailConnector connector;
    private final LoginWays ways = new LoginWays();
    private final HostRungs rungs;

    public Pop3Sessions(MailConnector connector) {
        this(connector, new HostRungs());
    }

    /**
     * @param rungs which proofs mail hosts are known to answer soundly
     */
    public Pop3Sessions(MailConnector connector, HostRungs rungs) {
        this.connector = connector;
        this.rungs = rungs;
    }

    @Override
    public MailSession open(Login login, Deadline deadline) {
        HostProofs proofs = new HostProofs(rungs, login.host());
        return new Pop3Session(() -> enter(login, deadline), proofs, deadline);
    }

    private Pop3Session.Dialogue enter(Login login, Deadline deadline) {
        Pop3Wire wire = new Pop3Wire(connector.open(login, deadline, BYTE_BUDGET));
        try {
            return new Pop3Session.Dialogue(wire, new Pop3Login(wire, login, ways).enter());
        } catch (RuntimeException e) {
            Pop3Session.goodbye(wire, deadline);
            throw e;
        }
    }
}
