package dev.mailbell.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.delivery.Engine.Arrival;
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

/** One sick webhook never delays another, and a sick mailbox no other one of its webhook. */
class FairnessTest {
    private static final Database DATABASE = TestDatabase.create();
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    private static final String BAD = "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n";

    private static final int HALF = 50;
    private static final int EACH = 20;

    /** More than a lane has room for. */
    private static final int WAITING = 600;

    @TempDir Path keys;
    private Engine engine;
    private final List<RawReceiver> receivers = new ArrayList<>();
    private final CountDownLatch release = new CountDownLatch(1);
    private final AtomicInteger hanging = new AtomicInteger();
    private volatile boolean hang;
    private volatile String refusal = BAD;

    @BeforeEach
    void open() {
        engine = new Engine(DATABASE, keys);
    }

    @AfterEach
    void close() throws Exception {
        release.countDown();
        receivers.forEach(RawReceiver::close);
        engine.close();
        DATABASE.jdbi()
                .useHandle(handle -> handle.execute("truncate webhook, event, delivery, attempt"));
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

    /** Answers until it is to hang; then no call ends but by its timeout. */
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

    private record Place(Webhook webhook, RawReceiver receiver) {}

    private List<Place> places(int count, RawReceiver.Answer answer) {
        return IntStream.range(0, count)
                .mapToObj(i -> {
                    RawReceiver receiver = receiver(answer);
                    return new Place(engine.webhook(receiver), receiver);
                })
                .toList();
    }

    /** Mail of this many other accounts for each of the webhooks. */
    private void mail(List<Place> places, int accounts) {
        for (int i = 0; i < accounts; i++) {
            places.forEach(place -> engine.mail(arrival(place.webhook(), "Box")));
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

    private static List<Integer> requests(List<Place> places) {
        return places.stream().map(place -> place.receiver().requests.size()).toList();
    }

    private static void awaitRequests(List<Place> places, int count) {
        soon().untilAsserted(() -> assertThat(requests(places)).containsOnly(count));
    }

    private static long count(String sql, Object... parameters) {
        return DATABASE.jdbi()
                .withHandle(handle -> handle.select(sql, parameters).mapTo(Long.class).one());
    }

    @Test
    void half_of_a_hundred_webhooks_hang_and_the_other_half_gets_everything() {
        engine.timeout = Duration.ofMinutes(5);
        List<Place> healthy = places(HALF, RawReceiver.saying(OK));
        List<Place> sick = places(HALF, this::answerOrHang);
        // Success has earned them more at once, so that they hold as much as any receiver can.
        mail(sick, EACH);
        awaitRequests(sick, EACH);
        soon().until(() -> count("select count(*) from attempt") == HALF * EACH);
        hang = true;
        mail(sick, EACH);
        soon().untilAsserted(() -> assertThat(hanging.get()).isGreaterThanOrEqualTo(HALF));
        mail(healthy, EACH);
        awaitRequests(healthy, EACH);
        soon().until(() -> count("select count(*) from attempt") == 2 * HALF * EACH);
        assertThat(sick.stream().map(place -> engine.attempts(place.webhook())))
                .as("all that hang still do")
                .containsOnly(EACH);
        assertThat(requests(sick))
                .as("none holds more than its share")
                .allMatch(requests -> requests > EACH && requests <= EACH + 10);
    }

    @Test
    void who_timed_out_gets_one_call_at_a_time_and_the_healthy_all_theirs() {
        List<Place> healthy = places(HALF, RawReceiver.saying(OK));
        List<Place> sick = places(HALF, this::answerOrHang);
        hang = true;
        engine.timeout = Duration.ofSeconds(1);
        mail(sick, EACH);
        soon().until(() ->
                sick.stream()
                        .allMatch(place ->
                                engine.now(place.webhook()).health().pausedUntil() != null));
        soon().until(() -> count("select sum(attempts) from delivery") >= hanging.get());
        engine.timeout = Duration.ofMinutes(5);
        sick.forEach(place -> place.receiver().requests.clear());
        engine.clock.step(Duration.ofSeconds(90));
        awaitRequests(sick, 1);
        mail(healthy, EACH);
        awaitRequests(healthy, EACH);
        assertThat(requests(sick)).containsOnly(1);
        assertThat(healthy.stream().map(place -> engine.now(place.webhook()).health()))
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
            // One success for each failure, or the breaker would leave the receiver alone.
            engine.mail(waiting.getLast());
            engine.mail(arrival(webhook, "Taken"));
        }
        soon().until(() -> engine.attempts(webhook) == 2 * WAITING);
        assertThat(count("select count(*) from delivery where status = 'pending'"))
                .isEqualTo(WAITING);
        // Behind each stands another, so that more is pending than a lane has room for.
        waiting.forEach(engine::mail);
        receiver.requests.clear();

        engine.mail(arrival(webhook, "Fresh"));
        soon().until(() -> !receiver.requests.isEmpty());
        engine.restart();
        engine.mail(arrival(webhook, "Fresh after a restart"));
        soon().until(() -> receiver.requests.size() == 2);
        refusal = OK;
        engine.clock.step(Duration.ofSeconds(7));
        soon().until(() -> count("select count(*) from delivery where status = 'pending'") == 0);
        List<String> bodies = receiver.requests.stream().map(RawReceiver.Request::body).toList();
        assertThat(bodies).hasSize(2 + 2 * WAITING);
        assertThat(bodies.get(0)).contains("\"Fresh\"");
        assertThat(bodies.get(1)).contains("\"Fresh after a restart\"");
    }
}
