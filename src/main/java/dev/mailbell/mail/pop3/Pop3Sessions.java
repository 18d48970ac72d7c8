package dev.mailbell.mail.pop3;

import dev.mailbell.mail.HostProofs;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.MailServers;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mail.auth.LoginWays;
import dev.mailbell.mail.connection.MailConnector;
import dev.mailbell.mail.pop3.login.Pop3Login;
import dev.mailbell.mail.pop3.login.ServerQuirks;
import dev.mailbell.mail.pop3.protocol.Pop3Wire;
import dev.mailbell.network.Deadline;
import java.time.Duration;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/** Opens POP3 sessions. */
public final class Pop3Sessions implements MailServers {
    /** The listings of 1,000,000 messages with UIDs of 70 octets take 90 MB. */
    static final long BYTE_BUDGET = 128L << 20;

    /** A server that is silent at CAPA for this part of the time left is not asked again. */
    private static final int PATIENCE_PART = 3;

    private final MailConnector connector;
    private final LoginWays ways = new LoginWays();
    private final HostProofs rungs;
    private final ServerQuirks.Memory memory;
    private final InstantSource clock;

    public Pop3Sessions(MailConnector connector) {
        this(connector, new HostProofs());
    }

    /**
     * @param rungs which proofs mail hosts are known to answer soundly
     */
    public Pop3Sessions(MailConnector connector, HostProofs rungs) {
        this(connector, rungs, System::nanoTime, InstantSource.system());
    }

    /**
     * @param nanoTime a monotonic clock in nanoseconds
     * @param clock of the machine
     */
    Pop3Sessions(
            MailConnector connector, HostProofs rungs, LongSupplier nanoTime, InstantSource clock) {
        this.connector = connector;
        this.rungs = rungs;
        this.memory = new ServerQuirks.Memory(nanoTime);
        this.clock = clock;
    }

    @Override
    public MailSession open(Login login, Deadline deadline) {
        AccountProofs proofs = new AccountProofs(rungs, login.server(), login.username());
        ServerQuirks habits = memory.of(login);
        return new Pop3Session(
                () -> enter(login, habits, deadline), proofs, habits, clock, deadline);
    }

    private Pop3Session.Dialogue enter(Login login, ServerQuirks habits, Deadline deadline) {
        Pop3Wire wire = new Pop3Wire(connector.open(login, deadline, BYTE_BUDGET));
        Duration patience = deadline.remaining().dividedBy(PATIENCE_PART).plusMillis(1);
        Pop3Login entry = new Pop3Login(wire, login, ways, habits, patience);
        try {
            return new Pop3Session.Dialogue(wire, entry.enter());
        } catch (RuntimeException e) {
            Pop3Session.goodbye(wire, deadline);
            if (e instanceof MailFailure failure && entry.hasFailedAtCapa() && !deadline.isPast()) {
                return withoutCapa(login, habits, deadline, failure);
            }
            throw e;
        }
    }

    /** Once more, without the question that the server took no answer for. */
    private Pop3Session.Dialogue withoutCapa(
            Login login, ServerQuirks habits, Deadline deadline, MailFailure failure) {
        Pop3Wire wire = new Pop3Wire(connector.open(login, deadline, BYTE_BUDGET));
        try {
            Pop3Login entry = new Pop3Login(wire, login, ways, habits.withoutCapa(), Duration.ZERO);
            Pop3Session.Dialogue dialogue = new Pop3Session.Dialogue(wire, entry.enter());
            // Only now it is known that the server was there, and the question at fault.
            habits.failsAtCapa();
            return dialogue;
        } catch (MailFailure e) {
            Pop3Session.goodbye(wire, deadline);
            failure.addSuppressed(e);
            throw failure;
        } catch (RuntimeException e) {
            Pop3Session.goodbye(wire, deadline);
            throw e;
        }
    }
}
