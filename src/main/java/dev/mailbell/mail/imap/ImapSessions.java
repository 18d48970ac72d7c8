package dev.mailbell.mail.imap;

import dev.mailbell.mail.HostProofs;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailServers;
import dev.mailbell.mail.auth.LoginWays;
import dev.mailbell.mail.connection.MailConnector;
import dev.mailbell.mail.imap.login.ImapLogin;
import dev.mailbell.mail.imap.protocol.Capabilities;
import dev.mailbell.mail.imap.protocol.ImapWire;
import dev.mailbell.mail.imap.protocol.Pipelining;
import dev.mailbell.network.Deadline;
import java.time.Duration;

/** Opens IMAP sessions. */
public final class ImapSessions implements MailServers {
    /** Several searches that list 1,000,000 UIDs one by one. */
    public static final long BYTE_BUDGET = 64L << 20;

    /** Within this a server must answer DONE. */
    private static final Duration DONE_TAKEN = Duration.ofSeconds(10);

    /** Behind this, a UIDVALIDITY that a server makes from its clock has changed. */
    private static final Duration TICK = Duration.ofMillis(1_100);

    private final MailConnector connector;
    private final long byteBudget;
    private final Duration doneTaken;
    private final Duration tick;
    private final Pipelining pipelining = new Pipelining();
    private final LoginWays ways = new LoginWays();
    private final HostProofs rungs = new HostProofs();
    private final MailboxSpellings spellings = new MailboxSpellings(System::nanoTime);

    public ImapSessions(MailConnector connector) {
        this(connector, BYTE_BUDGET, DONE_TAKEN);
    }

    /**
     * @param byteBudget how many octets a server may send in a session, or between two {@link
     *     ImapSession#renew}; more is a protocol_error
     * @param doneTaken within what time a server must answer the end of IDLE, and the command sent
     *     with it; then it is cut off
     */
    public ImapSessions(MailConnector connector, long byteBudget, Duration doneTaken) {
        this(connector, byteBudget, doneTaken, TICK);
    }

    /**
     * @param tick how long to wait before a UIDVALIDITY that has changed is asked for again
     */
    ImapSessions(MailConnector connector, long byteBudget, Duration doneTaken, Duration tick) {
        this.connector = connector;
        this.byteBudget = byteBudget;
        this.doneTaken = doneTaken;
        this.tick = tick;
    }

    @Override
    public ImapSession open(Login login, Deadline deadline) {
        ImapWire wire =
                ImapWire.over(
                        connector.open(login, deadline, byteBudget), pipelining.of(login.host()));
        try {
            ImapLogin entrance = new ImapLogin(wire, login, ways);
            Capabilities capabilities = entrance.enter();
            return new ImapSession(
                    wire,
                    capabilities,
                    new ProofLadder(
                            rungs, login.server(), login.username(), entrance.givesLastingUids()),
                    spellings.of(login),
                    doneTaken,
                    tick,
                    deadline,
                    byteBudget);
        } catch (RuntimeException e) {
            ImapSession.goodbye(wire, deadline);
            throw e;
        }
    }
}
