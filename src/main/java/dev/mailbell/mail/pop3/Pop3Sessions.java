package dev.mailbell.mail.pop3;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.HostProofs;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.MailServers;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mail.auth.LoginMethods;
import dev.mailbell.mail.connection.MailConnector;
import dev.mailbell.mail.pop3.login.Pop3Login;
import dev.mailbell.mail.pop3.login.ServerQuirks;
import dev.mailbell.mail.pop3.protocol.Pop3Wire;
import dev.mailbell.mail.pop3.protocol.Silences;
import dev.mailbell.network.Deadline;
import java.time.Duration;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/** Opens POP3 sessions. */
public final class Pop3Sessions implements MailServers {
    /** Enough for the listings of 1,000,000 messages with UIDs of 70 octets, 90 MB. */
    static final long BYTE_BUDGET = 128L << 20;

    private final MailConnector connector;
    private final LoginMethods methods = new LoginMethods();
    private final HostProofs hostProofs;
    private final ServerQuirks.Memory memory;
    private final InstantSource clock;
    private final Silences silences;

    public Pop3Sessions(MailConnector connector) {
        this(connector, new HostProofs());
    }

    /**
     * @param hostProofs which proofs failed at which mail hosts
     */
    public Pop3Sessions(MailConnector connector, HostProofs hostProofs) {
        this(connector, hostProofs, System::nanoTime, InstantSource.system(), Silences.USUAL);
    }

    /**
     * @param nanoTime a monotonic clock in nanoseconds
     * @param clock the system's clock
     * @param silences how long servers may be silent
     */
    Pop3Sessions(
            MailConnector connector,
            HostProofs hostProofs,
            LongSupplier nanoTime,
            InstantSource clock,
            Silences silences) {
        this.connector = connector;
        this.hostProofs = hostProofs;
        this.memory = new ServerQuirks.Memory(nanoTime);
        this.clock = clock;
        this.silences = silences;
    }

    @Override
    public MailSession open(Login login, Deadline deadline) {
        AccountProofs proofs = new AccountProofs(hostProofs, login.server(), login.username());
        ServerQuirks quirks = memory.of(login);
        return new Pop3Session(
                () -> enter(login, quirks, deadline), proofs, quirks, clock, deadline);
    }

    private Pop3Session.Dialogue enter(Login login, ServerQuirks quirks, Deadline deadline) {
        Pop3Wire wire = connect(login, deadline);
        Pop3Login pop3Login =
                new Pop3Login(wire, login, methods, quirks, silences.patience(deadline));
        try {
            return new Pop3Session.Dialogue(wire, pop3Login.enter());
        } catch (RuntimeException e) {
            Pop3Session.logOut(wire, deadline);
            if (e instanceof MailFailure failure
                    && pop3Login.hasFailedAtCapa()
                    && !deadline.isPast()) {
                return withoutCapa(login, quirks, deadline, failure, pop3Login.isAccepted());
            }
            throw e;
        }
    }

    private Pop3Wire connect(Login login, Deadline deadline) {
        return new Pop3Wire(connector.open(login, deadline, BYTE_BUDGET), silences);
    }

    /**
     * Opens the session again without CAPA, which the server did not answer.
     *
     * @param accepted whether the login was accepted before
     */
    private Pop3Session.Dialogue withoutCapa(
            Login login,
            ServerQuirks quirks,
            Deadline deadline,
            MailFailure failure,
            boolean accepted) {
        Pop3Wire wire = connect(login, deadline);
        try {
            Pop3Login pop3Login =
                    new Pop3Login(wire, login, methods, quirks.withoutCapa(), Duration.ZERO);
            Pop3Session.Dialogue dialogue = new Pop3Session.Dialogue(wire, pop3Login.enter());
            // Only now it is known that the server is reachable and does not answer CAPA.
            quirks.failsCapa();
            return dialogue;
        } catch (MailFailure e) {
            Pop3Session.logOut(wire, deadline);
            if (accepted && isAnswerToLogin(e)) {
                // Otherwise each check would lose its session here and need a second login.
                quirks.failsCapaInside();
                throw afterAcceptedLogin(e);
            }
            // Without CAPA a login may be refused only because the server wants it another way, so
            // one lost session proves nothing about the password.
            if (isAnswerToLogin(e) && (!e.code().needsOwner() || quirks.lostAtCapaAgain())) {
                e.addSuppressed(failure);
                throw e;
            }
            failure.addSuppressed(e);
            throw failure;
        } catch (RuntimeException e) {
            Pop3Session.logOut(wire, deadline);
            throw e;
        }
    }

    /** Whether the server said why it does not let the account in, and did not just hang up. */
    static boolean isAnswerToLogin(MailFailure failure) {
        FailureCode code = failure.code();
        return code.needsOwner() || code.isOfLimit() || code == FailureCode.MAILBOX_LOCKED;
    }

    /**
     * The failure of a second login in one check: a password that the server has just accepted is
     * correct.
     */
    static MailFailure afterAcceptedLogin(MailFailure failure) {
        return failure.code().needsOwner()
                ? new MailFailure(
                        FailureCode.SERVER_ERROR,
                        "The server accepted the first login of this check and refused a second"
                                + " one. "
                                + failure.reason(),
                        failure)
                : failure;
    }
}
