package dev.mailbell.detection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mailbell.detection.Change.Kind;
import dev.mailbell.detection.PositionRefusedException.Reason;
import dev.mailbell.detection.PositionUpdate.All;
import dev.mailbell.detection.PositionUpdate.UpTo;
import dev.mailbell.detection.messages.KnownMessages;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ImapStateTest {
    private static final long VALIDITY = 9;

    private ImapState state = ImapState.UNSEEN;
    private final List<Long> uids = new ArrayList<>();
    private long uidNext = 1;

    private void arrive(int messages) {
        for (int i = 0; i < messages; i++) {
            uids.add(uidNext++);
        }
    }

    private ImapObservation observe(long validity, long from) {
        long[] found =
                uids.stream().mapToLong(Long::longValue).filter(uid -> uid >= from).toArray();
        return new ImapObservation(
                validity,
                uidNext,
                uids.size(),
                uids.isEmpty() ? 0 : uids.getLast(),
                from,
                UidSet.of(found),
                0);
    }

    private Change check(@Nullable PositionUpdate update) {
        ImapMark mark = state.mark();
        boolean shortcut =
                update == null
                        && !state.needsExhaustiveCheck()
                        && mark != null
                        && mark.uidNext() == uidNext
                        && mark.total() == uids.size();
        Change change =
                state.after(
                        observe(VALIDITY, shortcut ? uidNext : state.searchFrom(update)),
                        update,
                        KnownMessages::none);
        state = (ImapState) change.next();
        return change;
    }

    @Test
    void the_first_check_is_the_baseline() {
        arrive(3);
        Change change = check(null);
        assertThat(change.kind()).isEqualTo(Kind.BASELINE);
        assertThat(change.newCount()).isZero();
        assertThat(state.mark()).isEqualTo(new ImapMark(VALIDITY, 4, 3, 3));
    }

    @Test
    void arrivals_and_deletions_between_two_checks_count_what_is_there() {
        arrive(3);
        check(null);
        arrive(3);
        uids.remove(4L);
        uids.remove(1L);
        Change change = check(null);
        assertThat(change.kind()).isEqualTo(Kind.NEW);
        assertThat(change.newCount()).isEqualTo(2);
        assertThat(change.newest()).containsExactly(5L, 6L);
    }

    @Test
    void mail_that_came_and_went_moves_the_mark_and_announces_nothing() {
        check(null);
        arrive(1);
        uids.clear();
        assertThat(check(null).kind()).isEqualTo(Kind.MOVED);
        assertThat(check(null).kind()).isEqualTo(Kind.NOTHING);
    }

    @Test
    void a_changed_uidvalidity_begins_anew_and_forgets_the_position() {
        arrive(3);
        check(new All());
        Change change = state.after(observe(VALIDITY + 1, 4), null, KnownMessages::none);
        assertThat(change.kind()).isEqualTo(Kind.RESET);
        assertThat(change.next().client()).isNull();
        assertThat(change.next().pending()).isNull();
    }

    @Test
    void a_client_that_has_all_lacks_what_comes_below_a_uidnext_that_was_too_high() {
        arrive(9);
        uidNext = 100;
        check(null);
        check(new All());
        uidNext = 10;
        arrive(1);
        for (int view = 0; view < ImapState.OLDER_VIEWS; view++) {
            check(null);
        }
        assertThat(state.pending()).isEqualTo(1);
    }

    @Test
    void a_uidnext_that_stays_behind_the_mark_begins_anew() {
        arrive(3);
        check(null);
        uids.clear();
        uidNext = 2;
        for (int view = 1; view < ImapState.OLDER_VIEWS; view++) {
            assertThat(check(null).kind()).isEqualTo(Kind.NOTHING);
        }
        assertThat(check(null).kind()).isEqualTo(Kind.RESET);
    }

    @Test
    void a_check_of_an_open_mailbox_neither_ends_nor_prolongs_the_wait_for_a_newer_view() {
        arrive(100);
        check(null);
        uids.subList(50, 100).clear();
        uidNext = 51;
        for (int view = 1; view < ImapState.OLDER_VIEWS; view++) {
            assertThat(check(null).kind()).isEqualTo(Kind.NOTHING);
            arrive(1);
            Change hinted = state.after(inOpenMailbox(), null, KnownMessages::none);
            assertThat(hinted.kind()).isEqualTo(Kind.NOTHING);
            state = (ImapState) hinted.next();
            assertThat(state.sawOlderMailbox()).isTrue();
        }
        assertThat(check(null).kind()).isEqualTo(Kind.RESET);
        assertThat(state.sawOlderMailbox()).isFalse();
    }

    @Test
    void mail_in_an_open_mailbox_is_new_once_the_view_is_no_longer_older() {
        arrive(3);
        check(null);
        uids.removeLast();
        uidNext = 3;
        check(null);
        assertThat(state.sawOlderMailbox()).isTrue();
        arrive(2);
        Change hinted = state.after(inOpenMailbox(), null, KnownMessages::none);
        assertThat(hinted.newest()).containsExactly(4L);
    }

    /** A check of a mailbox that has been open since an earlier one: UIDNEXT is not known. */
    private ImapObservation inOpenMailbox() {
        long from = state.searchFrom(null);
        ImapObservation seen = observe(VALIDITY, from);
        return new ImapObservation(
                VALIDITY,
                Math.max(from, seen.topUid() + 1),
                seen.total(),
                seen.topUid(),
                from,
                seen.found(),
                0,
                true,
                false,
                null);
    }

    @Test
    void a_view_older_than_the_mark_is_waited_out() {
        arrive(3);
        check(null);
        arrive(1);
        assertThat(check(null).newCount()).isEqualTo(1);
        uids.removeLast();
        uidNext = 4;
        assertThat(check(null).kind()).isEqualTo(Kind.NOTHING);
        assertThat(state.sawOlderMailbox()).isTrue();
        arrive(1);
        assertThat(check(null).kind()).isEqualTo(Kind.NOTHING);
        assertThat(state.sawOlderMailbox()).isFalse();
        assertThat(state.mark()).isEqualTo(new ImapMark(VALIDITY, 5, 4, 4));
    }

    @Test
    void a_message_that_appears_late_below_the_mark_is_new_once() {
        arrive(3);
        check(null);
        arrive(2);
        uids.remove(4L);
        assertThat(check(null).newCount()).isEqualTo(1);
        assertThat(state.needsExhaustiveCheck()).isTrue();
        assertThat(state.searchFrom(null)).isEqualTo(4);
        uids.add(3, 4L);
        Change change = check(null);
        assertThat(change.newCount()).isEqualTo(1);
        assertThat(change.newest()).containsExactly(4L);
        assertThat(state.mark()).isEqualTo(new ImapMark(VALIDITY, 6, 5, 5));
        assertThat(state.needsExhaustiveCheck()).isFalse();
        assertThat(check(null).kind()).isEqualTo(Kind.NOTHING);
    }

    @Test
    void a_uidnext_that_was_too_high_is_taken_back_and_loses_nothing() {
        arrive(3);
        check(null);
        uidNext = 1_000;
        assertThat(check(null).kind()).isEqualTo(Kind.MOVED);
        uidNext = 4;
        arrive(2);
        assertThat(check(null).newCount()).isEqualTo(2);
        assertThat(state.mark()).isEqualTo(new ImapMark(VALIDITY, 6, 5, 5));
    }

    @Test
    void a_uidnext_that_is_always_too_high_hides_no_message() {
        Change begun =
                ImapState.UNSEEN.after(
                        new ImapObservation(VALIDITY, 104, 3, 3, 104, UidSet.empty(), 0),
                        null,
                        KnownMessages::none);
        Change change =
                begun.next()
                        .after(
                                new ImapObservation(VALIDITY, 106, 5, 5, 4, UidSet.of(4, 5), 0),
                                null,
                                KnownMessages::none);

        assertThat(change.newCount()).isEqualTo(2);
    }

    @Test
    void gaps_below_a_uidnext_that_was_taken_back_are_searched_once_more() {
        ImapState before =
                new ImapState(
                        new ImapMark(
                                VALIDITY, 37, 2, 3, new UidSet.Builder().add(4, 36).build(), false),
                        null,
                        null);

        Change taken =
                before.after(
                        new ImapObservation(VALIDITY, 5, 2, 3, 4, UidSet.empty(), 0),
                        null,
                        KnownMessages::none);
        assertThat(taken.next().needsExhaustiveCheck()).isTrue();
        assertThat(taken.next().searchFrom(null)).isEqualTo(4);

        Change found =
                taken.next()
                        .after(
                                new ImapObservation(VALIDITY, 5, 2, 4, 4, UidSet.of(4), 0),
                                null,
                                KnownMessages::none);
        assertThat(found.newCount()).isEqualTo(1);
        assertThat(found.next().needsExhaustiveCheck()).isFalse();
    }

    @Test
    void a_last_message_in_a_gap_is_still_to_be_counted() {
        ImapMark mark =
                new ImapMark(VALIDITY, 13, 8, 12, new UidSet.Builder().add(11, 12).build(), false);
        ImapState stored = new ImapState(mark, null, null);

        assertThat(stored.needsExhaustiveCheck()).isTrue();
        assertThat(stored.searchFrom(null)).isEqualTo(11);
        Change change =
                stored.after(
                        new ImapObservation(VALIDITY, 13, 8, 12, 11, UidSet.of(12), 0),
                        null,
                        KnownMessages::none);
        assertThat(change.newCount()).isEqualTo(1);
        // UID 11 may appear late as well.
        assertThat(change.next().needsExhaustiveCheck()).isTrue();
        Change calm =
                change.next()
                        .after(
                                new ImapObservation(VALIDITY, 13, 8, 12, 11, UidSet.of(12), 0),
                                null,
                                KnownMessages::none);
        assertThat(calm.kind()).isEqualTo(Kind.NOTHING);
        assertThat(calm.next().needsExhaustiveCheck()).isFalse();
    }

    @Test
    void a_client_that_is_ahead_never_gets_what_it_fetched() {
        arrive(2);
        check(null);
        arrive(3);
        Change change = check(new UpTo("4", null, false));
        assertThat(change.newCount()).isEqualTo(1);
        assertThat(state.pending()).isEqualTo(1);
        assertThat(check(null).kind()).isEqualTo(Kind.NOTHING);
    }

    @Test
    void a_position_works_though_its_message_is_gone_and_rewinds_only_when_asked_to() {
        arrive(5);
        check(null);
        uids.remove(3L);
        check(new UpTo("3", VALIDITY, false));
        assertThat(state.pending()).isEqualTo(2);
        assertThat(state.client()).isEqualTo(new Position(2, "3", VALIDITY));
        check(new UpTo("1", VALIDITY, false));
        assertThat(state.pending()).isEqualTo(2);
        check(new UpTo("1", VALIDITY, true));
        assertThat(state.pending()).isEqualTo(3);
    }

    @Test
    void what_is_pending_stays_through_checks_that_find_nothing_and_sinks_with_deletions() {
        arrive(5);
        check(new UpTo("2", null, false));
        assertThat(check(null).kind()).isEqualTo(Kind.NOTHING);
        assertThat(state.pending()).isEqualTo(3);
        uids.remove(4L);
        assertThat(check(null).kind()).isEqualTo(Kind.MOVED);
        assertThat(state.pending()).isEqualTo(2);
    }

    @Test
    void positions_that_the_mailbox_does_not_have_are_refused() {
        arrive(2);
        check(null);
        assertThatThrownBy(() -> check(new UpTo("2", VALIDITY - 1, false)))
                .isInstanceOfSatisfying(
                        PositionRefusedException.class,
                        refused ->
                                assertThat(refused.reason()).isEqualTo(Reason.OTHER_UIDVALIDITY));
        for (String uid : List.of("3", "0", "-1", "4294967296", "9223372036854775807", "x", "")) {
            assertThatThrownBy(() -> check(new UpTo(uid, null, false)))
                    .describedAs(uid)
                    .isInstanceOfSatisfying(
                            PositionRefusedException.class,
                            refused -> assertThat(refused.reason()).isEqualTo(Reason.UNKNOWN_UID));
        }
    }

    @Test
    void the_highest_uid_there_can_be_is_counted() {
        uidNext = ImapMark.UID_LIMIT - 1;
        check(null);
        arrive(1);
        assertThat(check(null).newCount()).isEqualTo(1);
        assertThat(check(null).kind()).isEqualTo(Kind.NOTHING);
    }

    @Test
    void over_random_histories_every_count_is_the_truth() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        check(null);
        long seenBelow = 1;
        for (int step = 0; step < 5_000; step++) {
            arrive(random.nextInt(4));
            for (int deletes = random.nextInt(4); deletes > 0 && !uids.isEmpty(); deletes--) {
                uids.remove(random.nextInt(uids.size()));
            }
            long below = seenBelow;
            long truth = uids.stream().filter(uid -> uid >= below).count();
            assertThat(check(null).newCount())
                    .describedAs("seed %d, step %d", seed, step)
                    .isEqualTo((int) truth);
            seenBelow = uidNext;
        }
    }
}
