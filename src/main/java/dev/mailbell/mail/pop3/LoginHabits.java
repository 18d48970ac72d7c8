package dev.mailbell.mail.pop3;

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
final class LoginHabits {
    private static final Logger LOG = LoggerFactory.getLogger(LoginHabits.class);

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
        /** All messages had new UIDs. */
        UIDS_CHANGED
    }

    /** The memory that all logins share. Safe for many threads. */
    static final class Memory {
        private final HostMemory<Habit> habits;

        /**
         * @param nanoTime a monotonic clock in nanoseconds
         */
        Memory(LongSupplier nanoTime) {
            this.habits = new HostMemory<>(nanoTime);
        }

        LoginHabits of(Login login) {
            String host = login.host() + ":" + login.port();
            return new LoginHabits(this, host, host + " " + login.username(), true);
        }
    }

    private LoginHabits(Memory memory, String host, String maildrop, boolean asksCapa) {
        this.memory = memory;
        this.host = host;
        this.maildrop = maildrop;
        this.asksCapa = asksCapa;
    }

    /** The same for a session that does not ask CAPA. */
    LoginHabits withoutCapa() {
        return new LoginHabits(memory, host, maildrop, false);
    }

    /** The number of the hour of this moment; for each maildrop hours begin at another minute. */
    long hourOf(Instant moment) {
        long shift = Math.floorMod(maildrop.hashCode(), HOUR.toSeconds());
        return Math.floorDiv(moment.getEpochSecond() + shift, HOUR.toSeconds());
    }

    boolean answersCapa() {
        return asksCapa && !memory.habits.hasFailed(host, Habit.NO_CAPA);
    }

    void leavesCapaOpen() {
        noCapa("does not end the answer to CAPA");
    }

    void failsAtCapa() {
        noCapa("does not answer CAPA");
    }

    private void noCapa(String what) {
        if (memory.habits.failed(host, Habit.NO_CAPA)) {
            LOG.info("{} {}; it is not asked for a day", host, what);
        }
    }

    /** Whether the UIDs of the maildrop were compared between sessions within a day. */
    boolean hasComparedUids() {
        return memory.habits.hasFailed(maildrop, Habit.UIDS_COMPARED);
    }

    void comparedUids() {
        memory.habits.failed(maildrop, Habit.UIDS_COMPARED);
    }

    /** All UIDs changed; answers whether they did so within a day before. */
    boolean haveUidsChangedAgain() {
        return !memory.habits.failed(maildrop, Habit.UIDS_CHANGED);
    }
}
