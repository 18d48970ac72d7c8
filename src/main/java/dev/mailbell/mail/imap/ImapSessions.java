package dev.mailbell.mail.imap;

import dev.mailbell.mail.HostProofs;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailServers;
import dev.mailbell.mail.auth.LoginMethods;
import dev.mailbell.mail.connection.MailConnector;
import dev.mailbell.mail.imap.login.ImapLogin;
import dev.mailbell.mail.imap.protocol.Capabilities;
import dev.mailbell.mail.imap.protocol.ImapWire;
import dev.mailbell.mail.imap.protocol.Pipelining;
import dev.mailbell.network.Deadline;
import java.time.Duration;
import java.time.InstantSource;

/** Opens IMAP sessions. */
public final class ImapSessions implements MailServers {
    /** The size of several searches that list 1,000,000 UIDs one by one. */
    public static final long BYTE_BUDGET = 64L << 20;

    /** The time within which a server must answer DONE. */
    private static final Duration DONE_TIMEOUT = Duration.ofSeconds(10);

    /** The time after which a UIDVALIDITY that a server derives from its clock has changed. */
    private static final Duration TICK = Duration.ofMillis(1_100);

    private final MailConnector connector;
    private final long byteBudget;
    private final Duration doneTimeout;
    private final Duration tick;
    private final InstantSource clock;
    private final Pipelining pipelining = new Pipelining();
    private final LoginMethods methods = new LoginMethods();
    private final HostProofs hostProofs = new HostProofs();
    private final LostEnvelopes lostEnvelopes = new LostEnvelopes();
    private final MailboxSpellings spellings = new MailboxSpellings(System::nanoTime);

    public ImapSessions(MailConnector connector) {
        this(connector, BYTE_BUDGET, DONE_TIMEOUT);
    }

    /**
     * @param byteBudget how many octets a server may send in a session, or between two {@link
     *     ImapSession#renew}; more is a protocol_error
     * @param doneTimeout the time within which a server must answer the end of IDLE and the command
     *     sent with it; afterwards the connection is closed
     */
    public ImapSessions(MailConnector connector, long byteBudget, Duration doneTimeout) {
        this(connector, byteBudget, doneTimeout, TICK, InstantSource.system());
    }

    /**
     * @param tick how long to wait before a changed UIDVALIDITY is read again
     * @param clock the system's clock
     */
    ImapSessions(
            MailConnector connector,
            long byteBudget,
            Duration doneTimeout,
            Duration tick,
            InstantSource clock) {
        this.clock = clock;
        this.connector = connector;
        this.byteBudget = byteBudget;
        this.doneTimeout = doneTimeout;
        this.tick = tick;
    }

    @Override
    public ImapSession open(Login login, Deadline deadline) {
        ImapWire wire =
                ImapWire.over(
                        connector.open(login, deadline, byteBudget), pipelining.of(login.host()));
        try {
            ImapLogin imapLogin = new ImapLogin(wire, login, methods);
            Capabilities capabilities = imapLogin.enter();
            return new ImapSession(
                    wire,
                    capabilities,
                    new ProofLadder(
                            hostProofs,
                            login.server(),
                            login.username(),
                            imapLogin.givesStableUids(),
                            clock),
                    spellings.of(login),
                    lostEnvelopes.of(login),
                    doneTimeout,
                    tick,
                    deadline,
                    byteBudget);
        } catch (RuntimeException e) {
            ImapSession.logOut(wire, deadline);
            throw e;
        }
    }
}
