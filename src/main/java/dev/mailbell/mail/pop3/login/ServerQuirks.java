package dev.mailbell.mail.pop3.login;

import dev.mailbell.mail.HostMemory;
import dev.mailbell.mail.Login;
import java.time.Duration;
import java.time.Instant;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the host of a login, and the maildrop behind it, were seen to do beside the rules; for a day
 * each.
 */
public final class ServerQuirks {
    private static final Logger LOG = LoggerFactory.getLogger(ServerQuirks.class);

    private static final Duration HOUR = Duration.ofHours(1);

    private final Memory memory;
    private final String host;
    private final String maildrop;
    private final boolean asksCapa;

    private enum Habit {
        /** CAPA is answered by silence, by hanging up, or by a list without end. */
        NO_CAPA,
        /** A second and a third session gave the UIDs of the first one, or could not be had. */
        UIDS_COMPARED,
        /** Messages came or went between the sessions whose UIDs were to be compared. */
        COMPARED_IN_VAIN,
        /** All messages had new UIDs. */
        UIDS_CHANGED,
        /** A UID that a message had after all UIDs had changed. */
        UIDS_CHANGED_TO,
        /** The last session that was asked for headers was lost. */
        LOST_AT_HEADERS,
        /** Two sessions in a row were lost at TOP. */
        NO_HEADERS,
        /** The session was lost at the question for the message behind the last one. */
        NOTHING_BEHIND
    }

    /** The memory that all logins share. Safe for many threads. */
    public static final class Memory {
        private final HostMemory<Habit> habits;

        /**
         * @param nanoTime a monotonic clock in nanoseconds
         */
        public Memory(LongSupplier nanoTime) {
            this.habits = new HostMemory<>(nanoTime);
        }

        public ServerQuirks of(Login login) {
            String host = login.server();
            return new ServerQuirks(this, host, host + " " + login.username(), true);
        }
    }

    private ServerQuirks(Memory memory, String host, String maildrop, boolean asksCapa) {
        this.memory = memory;
        this.host = host;
        this.maildrop = maildrop;
        this.asksCapa = asksCapa;
    }

    /** The same for a session that does not ask CAPA. */
    public ServerQuirks withoutCapa() {
        return new ServerQuirks(memory, host, maildrop, false);
    }

    /** The number of the hour of this moment; for each maildrop hours begin at another minute. */
    public long hourOf(Instant moment) {
        long shift = Math.floorMod(maildrop.hashCode(), HOUR.toSeconds());
        return Math.floorDiv(moment.getEpochSecond() + shift, HOUR.toSeconds());
    }

    boolean answersCapa() {
        return asksCapa && !memory.habits.hasFailed(maildrop, Habit.NO_CAPA);
    }

    void leavesCapaOpen() {
        noCapa("does not end the answer to CAPA");
    }

    public void failsAtCapa() {
        noCapa("does not answer CAPA");
    }

    private void noCapa(String what) {
        // The network may be at fault: other maildrops of the host go on asking.
        memory.habits.failed(maildrop, Habit.NO_CAPA);
        if (memory.habits.failed(host, Habit.NO_CAPA)) {
            LOG.info("{} {}; this maildrop's checks do not ask for a day", host, what);
        }
    }

    /** Whether the UIDs of the maildrop were compared between sessions within a day. */
    public boolean hasComparedUids() {
        return memory.habits.hasFailed(maildrop, Habit.UIDS_COMPARED);
    }

    public void comparedUids() {
        memory.habits.failed(maildrop, Habit.UIDS_COMPARED);
    }

    /** The UIDs could not be compared; the second time within a day is the last one. */
    public void comparedInVain() {
        if (!memory.habits.failed(maildrop, Habit.COMPARED_IN_VAIN)) {
            comparedUids();
        }
    }

    /**
     * All UIDs changed; answers whether they had changed to others within a day before. A change
     * that could not be recorded is seen once more, and is no other one.
     *
     * @param first the UID of the first message now
     * @param top the UID of the last message now
     */
    public boolean haveUidsChangedAgain(String first, String top) {
        boolean isFirstChange = memory.habits.failed(maildrop, Habit.UIDS_CHANGED);
        boolean isNewFirst = memory.habits.failed(maildrop + " " + first, Habit.UIDS_CHANGED_TO);
        boolean isNewTop =
                top.equals(first)
                        || memory.habits.failed(maildrop + " " + top, Habit.UIDS_CHANGED_TO);
        return !isFirstChange && isNewFirst && isNewTop;
    }

    /** Whether headers may be asked for: not for a day where two sessions in a row were lost. */
    public boolean showsHeaders() {
        return !memory.habits.hasFailed(maildrop, Habit.NO_HEADERS);
    }

    public void hasShownHeaders() {
        memory.habits.forget(maildrop, Habit.LOST_AT_HEADERS);
    }

    public void failsAtHeaders() {
        if (!memory.habits.failed(maildrop, Habit.LOST_AT_HEADERS)) {
            memory.habits.failed(maildrop, Habit.NO_HEADERS);
        }
    }

    /** Whether no session was lost at the message behind the last one within a day. */
    public boolean answersBehindTheLast() {
        return !memory.habits.hasFailed(maildrop, Habit.NOTHING_BEHIND);
    }

    public void failsBehindTheLast() {
        memory.habits.failed(maildrop, Habit.NOTHING_BEHIND);
    }
}
