package dev.mailbell.mail.pop3.login;

import dev.mailbell.mail.HostMemory;
import dev.mailbell.mail.Login;
import java.time.Duration;
import java.time.Instant;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deviations from the protocol that were seen at the host of a login or at its maildrop; each is
 * remembered for a day.
 */
public final class ServerQuirks {
    private static final Logger LOG = LoggerFactory.getLogger(ServerQuirks.class);

    private static final Duration HOUR = Duration.ofHours(1);

    private final Memory memory;
    private final String host;
    private final String maildrop;
    private final boolean asksCapa;

    private enum Quirk {
        /** CAPA is not answered, ends the connection, or its list has no end. */
        NO_CAPA,
        /** The last session was lost at CAPA, before a login that was then refused. */
        LOST_AT_CAPA,
        /** The session was lost at the CAPA after the login. */
        NO_CAPA_INSIDE,
        /** The UIDs were compared between sessions and are stable, or could not be compared. */
        UIDS_COMPARED,
        /** Messages were added or removed between the sessions to compare. */
        COMPARED_IN_VAIN,
        /** All messages had new UIDs. */
        UIDS_CHANGED,
        /** A UID that a message had after all UIDs had changed. */
        UIDS_CHANGED_TO,
        /** The last session that requested headers was lost. */
        LOST_AT_HEADERS,
        /** Two sessions in a row were lost at TOP. */
        NO_HEADERS,
        /** The session was lost at the command for the message after the last one. */
        LOST_BEYOND_LAST
    }

    /** The quirks of all hosts and maildrops. Thread-safe. */
    public static final class Memory {
        private final HostMemory<Quirk> quirks;

        /**
         * @param nanoTime a monotonic clock in nanoseconds
         */
        public Memory(LongSupplier nanoTime) {
            this.quirks = new HostMemory<>(nanoTime);
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

    /** A copy for a session that does not send CAPA. */
    public ServerQuirks withoutCapa() {
        return new ServerQuirks(memory, host, maildrop, false);
    }

    /**
     * The number of the hour that contains this moment; the hours of each maildrop begin at another
     * minute.
     */
    public long hourOf(Instant moment) {
        long shift = Math.floorMod(maildrop.hashCode(), HOUR.toSeconds());
        return Math.floorDiv(moment.getEpochSecond() + shift, HOUR.toSeconds());
    }

    boolean answersCapa() {
        return asksCapa && !memory.quirks.hasFailed(maildrop, Quirk.NO_CAPA);
    }

    /** Whether CAPA is sent again after the login. */
    boolean answersCapaInside() {
        return !memory.quirks.hasFailed(maildrop, Quirk.NO_CAPA_INSIDE);
    }

    public void failsCapaInside() {
        memory.quirks.failed(maildrop, Quirk.NO_CAPA_INSIDE);
    }

    void capaAnswered() {
        memory.quirks.forget(maildrop, Quirk.LOST_AT_CAPA);
    }

    /**
     * Records that the session was lost at CAPA, and that the server refused the login without it;
     * returns whether the same happened to the session before.
     */
    public boolean lostAtCapaAgain() {
        return !memory.quirks.failed(maildrop, Quirk.LOST_AT_CAPA);
    }

    void leavesCapaOpen() {
        noCapa("does not end the answer to CAPA");
    }

    public void failsCapa() {
        noCapa("does not answer CAPA");
    }

    private void noCapa(String what) {
        // The cause may be the network, so other maildrops of the host still send CAPA.
        memory.quirks.failed(maildrop, Quirk.NO_CAPA);
        if (memory.quirks.failed(host, Quirk.NO_CAPA)) {
            LOG.info("{} {}; checks of this maildrop do not send CAPA for a day", host, what);
        }
    }

    /** Whether the UIDs of the maildrop were compared between sessions within the last day. */
    public boolean hasComparedUids() {
        return memory.quirks.hasFailed(maildrop, Quirk.UIDS_COMPARED);
    }

    public void comparedUids() {
        memory.quirks.failed(maildrop, Quirk.UIDS_COMPARED);
    }

    /**
     * Records that the UIDs could not be compared; after the second time within a day they are not
     * compared again that day.
     */
    public void comparedInVain() {
        if (!memory.quirks.failed(maildrop, Quirk.COMPARED_IN_VAIN)) {
            comparedUids();
        }
    }

    /**
     * Records that all UIDs changed; returns whether they had changed to different ones within the
     * day before. A change whose result could not be stored is seen again with the same UIDs and
     * does not count twice.
     *
     * @param first the current UID of the first message
     * @param top the current UID of the last message
     */
    public boolean haveUidsChangedAgain(String first, String top) {
        boolean isFirstChange = memory.quirks.failed(maildrop, Quirk.UIDS_CHANGED);
        boolean isNewFirst = memory.quirks.failed(maildrop + " " + first, Quirk.UIDS_CHANGED_TO);
        boolean isNewTop =
                top.equals(first)
                        || memory.quirks.failed(maildrop + " " + top, Quirk.UIDS_CHANGED_TO);
        return !isFirstChange && isNewFirst && isNewTop;
    }

    /** Whether headers may be requested: not within a day after two sessions in a row were lost. */
    public boolean mayReadHeaders() {
        return !memory.quirks.hasFailed(maildrop, Quirk.NO_HEADERS);
    }

    public void headersShown() {
        memory.quirks.forget(maildrop, Quirk.LOST_AT_HEADERS);
    }

    public void lostAtHeaders() {
        if (!memory.quirks.failed(maildrop, Quirk.LOST_AT_HEADERS)) {
            memory.quirks.failed(maildrop, Quirk.NO_HEADERS);
        }
    }

    /** Whether no session was lost at the message after the last one within the last day. */
    public boolean answersBeyondLast() {
        return !memory.quirks.hasFailed(maildrop, Quirk.LOST_BEYOND_LAST);
    }

    public void failsBeyondLast() {
        memory.quirks.failed(maildrop, Quirk.LOST_BEYOND_LAST);
    }
}
