package dev.mailbell.detection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mailbell.detection.Change.Kind;
import dev.mailbell.detection.PositionUpdate.All;
import dev.mailbell.detection.PositionUpdate.UpTo;
import dev.mailbell.detection.messages.GoneLimit;
import dev.mailbell.detection.messages.KnownMessages;
import dev.mailbell.detection.messages.MessageListing;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class Pop3StateTest {
    private Pop3State state = Pop3State.UNSEEN;
    private KnownMessages known = KnownMessages.none();
    private final MaildropModel maildrop = new MaildropModel(new Random(7));

    private Change check(@Nullable PositionUpdate update) {
        Change change = state.after(maildrop.observe(state.mark()), update, () -> known);
        state = (Pop3State) change.next();
        known = change.known().orElse(known);
        return change;
    }

    private Change check() {
        return check(null);
    }

    private void fill(int messages) {
        for (int i = 0; i < messages; i++) {
            maildrop.arrive();
        }
        assertThat(check().kind()).isEqualTo(Kind.BASELINE);
    }

    @Test
    void the_first_check_is_the_baseline_and_announces_nothing() {
        maildrop.arrive();
        Change change = check();
        assertThat(change.kind()).isEqualTo(Kind.BASELINE);
        assertThat(change.newCount()).isZero();
        assertThat(state.pending()).isNull();
    }

    @Test
    void a_check_that_finds_nothing_is_nothing() {
        fill(3);
        assertThat(check().kind()).isEqualTo(Kind.NOTHING);
    }

    @Test
    void a_deletion_and_an_arrival_between_two_checks_is_one_new_message() {
        fill(5);
        maildrop.messages.remove(1);
        maildrop.arrive();
        assertThat(check().newCount()).isEqualTo(1);
    }

    @Test
    void a_message_that_comes_back_was_seen_before() {
        fill(5);
        var gone = maildrop.messages.remove(2);
        assertThat(check().kind()).isEqualTo(Kind.MOVED);
        maildrop.messages.add(gone);
        Change change = check();
        assertThat(change.newCount()).isZero();
        assertThat(change.kind()).isEqualTo(Kind.MOVED);
    }

    @Test
    void two_messages_with_one_uid_are_two_messages() {
        fill(2);
        maildrop.messages.add(maildrop.messages.getFirst());
        assertThat(check().newCount()).isEqualTo(1);
        maildrop.messages.add(maildrop.messages.getFirst());
        maildrop.messages.add(maildrop.messages.getFirst());
        assertThat(check().newCount()).isEqualTo(2);
    }

    @Test
    void the_newest_messages_are_named_by_their_numbers() {
        fill(30);
        for (int i = 0; i < 25; i++) {
            maildrop.arrive();
        }
        Change change = check();
        assertThat(change.newCount()).isEqualTo(25);
        assertThat(change.newest()).hasSize(20).startsWith(36L).endsWith(55L);
    }

    @Test
    void a_position_says_what_is_pending_and_survives_the_deletion_of_its_message() {
        fill(5);
        check(new UpTo("uid-2", null, false));
        assertThat(state.client()).isEqualTo(new Position(3, "uid-2", null));
        assertThat(state.pending()).isEqualTo(2);
        maildrop.messages.remove(2);
        maildrop.arrive();
        assertThat(check().newCount()).isEqualTo(1);
        assertThat(state.pending()).isEqualTo(3);
        check(new UpTo("uid-2", null, false));
        assertThat(state.pending()).isEqualTo(3);
        check(new UpTo("uid-4", null, false));
        assertThat(state.pending()).isEqualTo(1);
    }

    @Test
    void a_position_moves_backwards_only_when_asked_to() {
        fill(5);
        check(new UpTo("uid-3", null, false));
        check(new UpTo("uid-1", null, false));
        assertThat(state.client()).extracting(Position::uid).isEqualTo("uid-3");
        assertThat(state.pending()).isEqualTo(1);
        check(new UpTo("uid-1", null, true));
        assertThat(state.client()).extracting(Position::uid).isEqualTo("uid-1");
        assertThat(state.pending()).isEqualTo(3);
    }

    @Test
    void what_the_client_fetched_before_a_check_saw_it_is_never_announced() {
        fill(2);
        maildrop.arrive();
        maildrop.arrive();
        maildrop.arrive();
        Change change = check(new UpTo("uid-3", null, false));
        assertThat(change.newCount()).isEqualTo(1);
        assertThat(change.newest()).containsExactly(5L);
        assertThat(state.pending()).isEqualTo(1);
    }

    @Test
    void all_covers_everything_that_is_there() {
        fill(2);
        maildrop.arrive();
        Change change = check(new All());
        assertThat(change.newCount()).isZero();
        assertThat(state.pending()).isZero();
        assertThat(state.client()).isEqualTo(new Position(3, "uid-2", null));
    }

    @Test
    void a_uid_that_no_check_has_seen_is_refused_and_changes_nothing() {
        fill(2);
        Pop3State before = state;
        assertThatThrownBy(() -> check(new UpTo("nonsense", null, false)))
                .isInstanceOfSatisfying(
                        PositionRefusedException.class,
                        refused ->
                                assertThat(refused.reason())
                                        .isEqualTo(PositionRefusedException.Reason.UNKNOWN_UID));
        assertThat(state).isEqualTo(before);
    }

    @Test
    void new_uids_for_the_same_mail_are_a_reset_and_not_a_flood() {
        fill(40);
        List<MaildropModel.Message> moved = new ArrayList<>();
        maildrop.messages.forEach(message ->
                moved.add(new MaildropModel.Message("moved-" + message.uid(), message.size())));
        maildrop.messages.clear();
        maildrop.messages.addAll(moved);
        maildrop.arrive();
        Change change = check();
        assertThat(change.kind()).isEqualTo(Kind.RESET);
        assertThat(change.newCount()).isEqualTo(1);
        assertThat(change.approximate()).isTrue();
        maildrop.arrive();
        assertThat(check().newCount()).isEqualTo(1);
    }

    @Test
    void one_new_message_on_100000_writes_one_chunk_of_at_most_16_kib() {
        fill(100_000);
        maildrop.arrive();
        KnownMessages before = known;
        Change change = check();
        List<KnownMessages.Chunk> written = change.known().orElseThrow().changedSince(before);
        assertThat(written).hasSize(1);
        assertThat(written.getFirst().entries().length * 12).isLessThanOrEqualTo(16 * 1024);
    }

    @Test
    void messages_that_are_gone_are_remembered_in_bounds() {
        fill(10);
        for (int round = 0; round < 100; round++) {
            maildrop.messages.clear();
            for (int i = 0; i < 100; i++) {
                maildrop.arrive();
            }
            assertThat(check().newCount()).isEqualTo(100);
        }
        int entries = known.chunks().stream().mapToInt(chunk -> chunk.entries().length).sum();
        assertThat(entries).isLessThan(GoneLimit.KEPT * 5 / 4 + 200);
    }

    @Test
    void without_uids_sizes_and_the_last_message_id_decide() {
        MessageListing sizes =
                new MessageListing(new int[] {1, 2}, new long[] {11, 22}, new int[] {100, 200});
        Change first =
                Pop3State.UNSEEN.after(
                        new Pop3Observation.Full(new Pop3Mark(2, 300, null, "<two>", true), sizes),
                        null,
                        KnownMessages::none);
        assertThat(first.approximate()).isTrue();
        KnownMessages after = first.known().orElseThrow();
        Change replaced =
                first.next()
                        .after(
                                new Pop3Observation.Full(
                                        new Pop3Mark(2, 300, null, "<three>", true), sizes),
                                null,
                                () -> after);
        assertThat(replaced.newCount()).isEqualTo(1);
        assertThat(replaced.newest()).containsExactly(2L);
        assertThat(replaced.approximate()).isTrue();
    }

    private enum Server {
        APPENDS,
        NEWEST_FIRST,
        ANYWHERE,
        SLIDING_WINDOW
    }

    @ParameterizedTest
    @EnumSource
    void over_random_histories_every_count_is_the_multisets(Server server) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        MaildropModel model = new MaildropModel(random);
        List<MaildropModel.Message> trash = new ArrayList<>();
        Set<Integer> chunkNumbers = new HashSet<>();
        for (int step = 0; step < 3_000; step++) {
            for (int arrivals = random.nextInt(3); arrivals > 0; arrivals--) {
                model.arrive(
                        switch (server) {
                            case APPENDS, SLIDING_WINDOW -> model.messages.size();
                            case NEWEST_FIRST -> 0;
                            case ANYWHERE -> random.nextInt(model.messages.size() + 1);
                        });
            }
            for (int deletes = random.nextInt(3);
                    deletes > 0 && !model.messages.isEmpty();
                    deletes--) {
                trash.add(model.messages.remove(random.nextInt(model.messages.size())));
            }
            if (!trash.isEmpty() && random.nextInt(20) == 0) {
                model.messages.add(
                        random.nextInt(model.messages.size() + 1),
                        trash.remove(random.nextInt(trash.size())));
            }
            if (!model.messages.isEmpty() && random.nextInt(40) == 0) {
                model.messages.add(model.messages.get(random.nextInt(model.messages.size())));
            }
            while (server == Server.SLIDING_WINDOW && model.messages.size() > 50) {
                model.messages.removeFirst();
            }
            Change change = state.after(model.observe(state.mark()), null, () -> known);
            int truth = model.countNew();
            assertThat(change.newCount())
                    .describedAs("seed %d, step %d", seed, step)
                    .isEqualTo(state.mark() == null ? 0 : truth);
            state = (Pop3State) change.next();
            known = change.known().orElse(known);
            assertThat(known.live()).isEqualTo(model.messages.size());
            chunkNumbers.clear();
            known.chunks().forEach(chunk -> chunkNumbers.add(chunk.number()));
            assertThat(chunkNumbers).hasSize(known.chunks().size());
        }
    }
}
