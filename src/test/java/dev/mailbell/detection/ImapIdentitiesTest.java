package dev.mailbell.detection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mailbell.detection.Change.Kind;
import dev.mailbell.detection.ImapObservation.Identities;
import dev.mailbell.detection.PositionRefusedException.Reason;
import dev.mailbell.detection.PositionUpdate.All;
import dev.mailbell.detection.PositionUpdate.UpTo;
import dev.mailbell.detection.messages.KnownMessages;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A mailbox with unstable UIDs: a message has a key, and another UID in each check. */
class ImapIdentitiesTest {
    private static final long VALIDITY = 9;

    private ImapState state = ImapState.UNSEEN;
    private KnownMessages known = KnownMessages.none();
    private final List<Long> mailbox = new ArrayList<>();
    private long validity = VALIDITY;
    private long uidStep = 1;
    private long nextKey = 100;

    private void arrive(int messages) {
        for (int i = 0; i < messages; i++) {
            mailbox.add(nextKey++);
        }
    }

    /** Only messages after the first {@code below} are listed. */
    private Change check(int below, @Nullable PositionUpdate update, int arrivedSince) {
        int listed = mailbox.size() - below;
        long[] uids = new long[listed];
        long[] keys = new long[listed];
        for (int i = 0; i < listed; i++) {
            uids[i] = (below + i + 1) * uidStep;
            keys[i] = mailbox.get(below + i);
        }
        KnownMessages before = known;
        Change change =
                state.after(
                        new ImapObservation(
                                validity,
                                1,
                                mailbox.size(),
                                0,
                                ImapMark.NO_UID,
                                UidSet.empty(),
                                arrivedSince,
                                false,
                                true,
                                new Identities(
                                        below,
                                        uids,
                                        keys,
                                        mailbox.isEmpty() ? 0 : mailbox.getLast())),
                        update,
                        () -> before);
        state = (ImapState) change.next();
        known = change.known().orElse(known);
        return change;
    }

    private Change check(@Nullable PositionUpdate update) {
        return check(0, update, 0);
    }

    @Test
    void a_position_by_uid_covers_the_messages_up_to_it_and_survives_removals() {
        arrive(4);
        check(null);
        arrive(3);
        Change change = check(new UpTo("5", VALIDITY, false));
        assertThat(change.newCount()).isEqualTo(2);
        assertThat(state.pending()).isEqualTo(2);
        assertThat(state.client()).isEqualTo(new Position(5, "5", VALIDITY));
        mailbox.remove(0);
        mailbox.remove(5);
        assertThat(check(null).kind()).isEqualTo(Kind.MOVED);
        assertThat(state.pending()).isEqualTo(1);
        assertThat(state.searchFrom(null)).isEqualTo(1);
    }

    @Test
    void a_position_moves_back_only_when_asked_to() {
        arrive(5);
        check(new UpTo("4", null, false));
        check(new UpTo("2", null, false));
        assertThat(state.pending()).isEqualTo(1);
        check(new UpTo("2", null, true));
        assertThat(state.pending()).isEqualTo(3);
    }

    @Test
    void a_position_whose_message_is_gone_covers_those_before_it() {
        arrive(3);
        check(null);
        uidStep = 10;
        check(new UpTo("25", VALIDITY, false));
        assertThat(state.pending()).isEqualTo(1);
    }

    @Test
    void a_position_in_uids_that_mean_nothing_now_is_refused() {
        arrive(2);
        check(null);
        validity++;
        for (UpTo stale : List.of(new UpTo("1", null, false), new UpTo("1", VALIDITY, false))) {
            assertThatThrownBy(() -> check(stale))
                    .isInstanceOfSatisfying(
                            PositionRefusedException.class,
                            refused ->
                                    assertThat(refused.reason())
                                            .isEqualTo(Reason.OTHER_UIDVALIDITY))
                    .hasMessageContaining("all");
        }
        check(new UpTo("1", validity, false));
        assertThat(state.pending()).isEqualTo(1);
        uidStep = 0;
        assertThatThrownBy(() -> check(new UpTo("1", validity, false)))
                .isInstanceOfSatisfying(
                        PositionRefusedException.class,
                        refused -> assertThat(refused.reason()).isEqualTo(Reason.UNKNOWN_UID));
        check(new All());
        assertThat(state.pending()).isZero();
    }

    @Test
    void a_mailbox_that_was_counted_by_uids_keeps_its_position() {
        arrive(5);
        state = new ImapState(new ImapMark(VALIDITY, 5, 4, 4), new Position(3, "3", VALIDITY), 1);
        Change change = check(0, null, 1);
        assertThat(change.kind()).isEqualTo(Kind.NEW);
        assertThat(change.newCount()).isEqualTo(1);
        assertThat(state.pending()).isEqualTo(2);
        assertThat(state.client()).isEqualTo(new Position(3, "3", VALIDITY));
    }

    @Test
    void messages_that_go_unnoticed_are_listed_before_they_are_many() {
        arrive(1_000);
        check(null);
        int listings = 0;
        for (int step = 0; step < 5_000; step++) {
            mailbox.remove(0);
            arrive(1);
            int below = state.needsExhaustiveCheck() ? 0 : 999;
            listings += below == 0 ? 1 : 0;
            assertThat(check(below, null, 0).newCount()).isEqualTo(1);
            assertThat(known.live()).isLessThanOrEqualTo(2_001);
        }
        assertThat(listings).isEqualTo(4);
        assertThat(state.needsExhaustiveCheck()).isFalse();
    }

    @Test
    void over_random_histories_of_tails_and_listings_every_count_is_the_truth() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        check(null);
        Set<Long> seen = new HashSet<>();
        for (int step = 0; step < 3_000; step++) {
            int before = mailbox.size();
            int removed = 0;
            for (int i = random.nextInt(4); i > 0 && !mailbox.isEmpty(); i--) {
                mailbox.remove(random.nextInt(mailbox.size()));
                removed++;
            }
            int arrived = random.nextInt(4);
            arrive(arrived);
            int truth = (int) mailbox.stream().filter(seen::add).count();
            int below = random.nextBoolean() ? before - removed : 0;
            Change change = check(below, null, 0);
            assertThat(change.newCount())
                    .describedAs("seed %d, step %d", seed, step)
                    .isEqualTo(truth);
            assertThat(change.newest()).hasSize(truth);
            assertThat(((ImapState) change.next()).mark())
                    .extracting(ImapMark::total)
                    .isEqualTo(mailbox.size());
        }
    }
}
