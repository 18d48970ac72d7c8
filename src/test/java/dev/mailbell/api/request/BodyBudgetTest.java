package dev.mailbell.api.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.mailbell.api.problem.ProblemException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;

class BodyBudgetTest {
    private static final long MEBIBYTE = Body.MAX_BYTES;
    private static final Duration LONG = Duration.ofMinutes(5);
    private static final Executor THREADS = Thread::startVirtualThread;

    private final BodyBudget budget = new BodyBudget(4 * MEBIBYTE, LONG, LONG);

    private CompletableFuture<BodyBudget.Reservation> reserve(String owner, long bytes) {
        return CompletableFuture.supplyAsync(() -> budget.reserve(owner, bytes), THREADS);
    }

    @Test
    void one_owner_has_half_of_it_and_others_are_served_meanwhile() throws Exception {
        BodyBudget.Reservation first = budget.reserve("a", MEBIBYTE);
        budget.reserve("a", MEBIBYTE);
        CompletableFuture<BodyBudget.Reservation> third = reserve("a", 1);
        await().until(() -> budget.waiting() == 1);
        budget.reserve("b", MEBIBYTE);
        assertThat(third).isNotDone();
        budget.reduce(first, 0);
        third.get();
        assertThat(budget.used()).isEqualTo(2 * MEBIBYTE + 1);
    }

    @Test
    void the_waiting_requests_of_one_owner_leave_room_for_those_of_others() {
        budget.reserve("a", 2 * MEBIBYTE);
        for (int i = 0; i < 100; i++) {
            reserve("a", 1);
        }
        await().until(() -> budget.waiting() == 100);
        assertThatThrownBy(() -> budget.reserve("a", 1)).isInstanceOf(ProblemException.class);
        assertThat(budget.waiting()).isEqualTo(100);
        budget.reserve("b", MEBIBYTE);
    }

    @Test
    void an_interrupted_request_takes_nothing_and_stays_interrupted() throws Exception {
        BodyBudget.Reservation taken = budget.reserve("a", 2 * MEBIBYTE);
        CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        Thread waiting =
                Thread.startVirtualThread(() -> {
                    try {
                        budget.reserve("a", MEBIBYTE);
                    } catch (ProblemException busy) {
                        interrupted.complete(Thread.currentThread().isInterrupted());
                    }
                });
        await().until(() -> budget.waiting() == 1);
        waiting.interrupt();
        assertThat(interrupted.get()).isTrue();
        budget.reduce(taken, 0);
        assertThat(budget.used()).isZero();
    }

    @Test
    void a_large_request_is_not_overtaken_by_small_ones() throws Exception {
        BodyBudget.Reservation a = budget.reserve("a", 2 * MEBIBYTE);
        budget.reserve("b", MEBIBYTE + 1);
        CompletableFuture<BodyBudget.Reservation> large = reserve("c", MEBIBYTE);
        await().until(() -> budget.waiting() == 1);
        CompletableFuture<BodyBudget.Reservation> small = reserve("d", 10);
        await().until(() -> budget.waiting() == 2);
        budget.reduce(a, MEBIBYTE);
        large.get();
        small.get();
        assertThat(budget.used()).isEqualTo(3 * MEBIBYTE + 11);
    }

    @Test
    void what_a_body_did_not_need_is_returned_when_it_has_arrived() {
        BodyBudget.Reservation reservation = budget.reserve("a", MEBIBYTE);
        budget.reduce(reservation, 100);
        assertThat(budget.used()).isEqualTo(100);
        budget.reduce(reservation, 0);
        budget.reduce(reservation, 0);
        assertThat(budget.used()).isZero();
    }

    @Test
    void a_request_that_waits_too_long_is_refused_with_503() {
        BodyBudget impatient = new BodyBudget(0, Duration.ofMillis(10), LONG);
        BodyBudget.Reservation taken = impatient.reserve("a", MEBIBYTE);
        assertThatThrownBy(() -> impatient.reserve("a", 1))
                .isInstanceOfSatisfying(
                        ProblemException.class,
                        e -> {
                            assertThat(e.problem().status()).isEqualTo(503);
                            assertThat(e.problem().headers()).containsKey("Retry-After");
                        });
        assertThat(impatient.waiting()).isZero();
        impatient.reduce(taken, 0);
        impatient.reserve("a", 1);
    }

    @Test
    void the_line_is_bounded() throws Exception {
        budget.reserve("a", 2 * MEBIBYTE);
        budget.reserve("b", 2 * MEBIBYTE);
        for (int i = 0; i < 1_000; i++) {
            reserve("owner " + i % 10, 1);
        }
        await().until(() -> budget.waiting() == 1_000);
        assertThatThrownBy(() -> reserve("c", 1).get())
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(ProblemException.class);
    }
}
