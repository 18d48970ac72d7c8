package dev.mailbell.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.delivery.DeliveryEngine.Arrival;
import dev.mailbell.event.Ids;
import dev.mailbell.webhook.Webhook;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A failing webhook delays no other one, and a refused mailbox no other one of its webhook. */
class FairnessTest {
    private static final Database DATABASE = TestDatabase.create();
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    private static final String BAD = "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n";

    private static final int HALF = 50;
    private static final int EACH = 20;

    /** More deliveries than a queue holds. */
    private static final int WAITING = 600;

    @TempDir Path keys;
    private DeliveryEngine engine;
    private final List<RawReceiver> receivers = new ArrayList<>();
    private final CountDownLatch release = new CountDownLatch(1);
    private final AtomicInteger hanging = new AtomicInteger();
    private volatile boolean hang;
    private volatile String refusal = BAD;

    @BeforeEach
    void open() {
        engine = new DeliveryEngine(DATABASE, keys);
    }

    @AfterEach
    void close() throws Exception {
        release.countDown();
        engine.close();
        receivers.forEach(RawReceiver::close);
        // Not truncated: a read that is still under way locks these tables in another order.
        DATABASE.jdbi()
                .useHandle(handle -> {
                    handle.execute("delete from webhook");
                    handle.execute("delete from event");
                    handle.execute("delete from delivery");
                    handle.execute("delete from attempt");
                });
    }

    @AfterAll
    static void drop() {
        DATABASE.close();
    }

    private static ConditionFactory soon() {
        return await();
    }

    private RawReceiver receiver(RawReceiver.Answer answer) {
        RawReceiver receiver = new RawReceiver(answer);
        receivers.add(receiver);
        return receiver;
    }

    private static void say(String answer, OutputStream out) throws IOException {
        out.write(answer.getBytes(StandardCharsets.US_ASCII));
    }

    /** Answers until the test sets {@link #hang}; then a call ends by its timeout only. */
    private void answerOrHang(RawReceiver.Request request, OutputStream out) throws IOException {
        if (hang) {
            hanging.incrementAndGet();
            try {
                release.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
        say(OK, out);
    }

    private record Target(Webhook webhook, RawReceiver receiver) {}

    private List<Target> targets(int count, RawReceiver.Answer answer) {
        return IntStream.range(0, count)
                .mapToObj(i -> {
                    RawReceiver receiver = receiver(answer);
                    return new Target(engine.webhook(receiver), receiver);
                })
                .toList();
    }

    /** Mail of this many new accounts for each of the webhooks. */
    private void mail(List<Target> targets, int accounts) {
        for (int i = 0; i < accounts; i++) {
            targets.forEach(target -> engine.mail(arrival(target.webhook(), "Box")));
        }
    }

    private static Arrival arrival(Webhook webhook, String mailbox) {
        return new Arrival(
                Ids.next(),
                mailbox,
                Map.of("to", webhook.id().toString()),
                "{\"type\":\"mail.new\",\"data\":{\"mailbox\":\"%s\",\"newCount\":1}}"
                        .formatted(mailbox));
    }

    private static List<Integer> requests(List<Target> targets) {
        return targets.stream().map(target -> target.receiver().requests.size()).toList();
    }

    private static void awaitRequests(List<Target> targets, int count) {
        soon().untilAsserted(() -> assertThat(requests(targets)).containsOnly(count));
    }

    private static long count(String sql, Object... parameters) {
        return DATABASE.jdbi()
                .withHandle(handle -> handle.select(sql, parameters).mapTo(Long.class).one());
    }

    @Test
    void half_of_a_hundred_webhooks_hang_and_the_other_half_gets_everything() {
        engine.timeout = Duration.ofMinutes(5);
        List<Target> healthy = targets(HALF, RawReceiver.saying(OK));
        List<Target> failing = targets(HALF, this::answerOrHang);
        // Successes raise their concurrency, so that they hold as many permits as any endpoint can.
        mail(failing, EACH);
        awaitRequests(failing, EACH);
        soon().until(() -> count("select count(*) from attempt") == HALF * EACH);
        hang = true;
        mail(failing, EACH);
        soon().until(() -> requests(failing).stream().allMatch(requests -> requests > EACH));
        mail(healthy, EACH);
        awaitRequests(healthy, EACH);
        soon().until(() -> count("select count(*) from attempt") == 2 * HALF * EACH);
        assertThat(failing.stream().map(target -> engine.attempts(target.webhook())))
                .as("the hanging calls have not ended")
                .containsOnly(EACH);
        assertThat(requests(failing))
                .as("no endpoint has more calls than its concurrency")
                .allMatch(requests -> requests > EACH && requests <= EACH + 10);
    }

    @Test
    void an_endpoint_that_timed_out_gets_one_call_at_a_time_and_healthy_ones_get_everything() {
        List<Target> healthy = targets(HALF, RawReceiver.saying(OK));
        List<Target> failing = targets(HALF, this::answerOrHang);
        hang = true;
        engine.timeout = Duration.ofSeconds(1);
        mail(failing, EACH);
        soon().until(() ->
                failing.stream()
                        .allMatch(target ->
                                engine.now(target.webhook()).health().pausedUntil() != null));
        soon().until(() -> count("select sum(attempts) from delivery") >= hanging.get());
        engine.timeout = Duration.ofMinutes(5);
        failing.forEach(target -> target.receiver().requests.clear());
        engine.clock.step(Duration.ofSeconds(90));
        awaitRequests(failing, 1);
        mail(healthy, EACH);
        awaitRequests(healthy, EACH);
        assertThat(requests(failing)).containsOnly(1);
        assertThat(healthy.stream().map(target -> engine.now(target.webhook()).health()))
                .containsOnly(Webhook.Health.GOOD);
    }

    @Test
    void a_fresh_delivery_goes_before_600_mailboxes_that_wait_for_their_retry() throws Exception {
        RawReceiver receiver =
                receiver((request, out) ->
                        say(request.body().contains("\"Refused\"") ? refusal : OK, out));
        Webhook webhook = engine.webhook(receiver);
        List<Arrival> waiting = new ArrayList<>();
        for (int i = 0; i < WAITING; i++) {
            waiting.add(arrival(webhook, "Refused"));
            // One success for each failure, otherwise the breaker would open.
            engine.mail(waiting.getLast());
            engine.mail(arrival(webhook, "Taken"));
        }
        soon().until(() -> engine.attempts(webhook) == 2 * WAITING);
        assertThat(count("select count(*) from delivery where status = 'pending'"))
                .isEqualTo(WAITING);
        // Each mailbox gets a second delivery, so that more are pending than a queue holds.
        waiting.forEach(engine::mail);
        receiver.requests.clear();

        engine.mail(arrival(webhook, "Fresh"));
        soon().until(() -> !receiver.requests.isEmpty());
        engine.restart();
        engine.mail(arrival(webhook, "Fresh after a restart"));
        soon().until(() -> receiver.requests.size() == 2);
        refusal = OK;
        engine.clock.step(Duration.ofSeconds(40));
        soon().until(() -> count("select count(*) from delivery where status = 'pending'") == 0);
        List<String> bodies = receiver.requests.stream().map(RawReceiver.Request::body).toList();
        assertThat(bodies).hasSize(2 + 2 * WAITING);
        assertThat(bodies.get(0)).contains("\"Fresh\"");
        assertThat(bodies.get(1)).contains("\"Fresh after a restart\"");
    }
}
