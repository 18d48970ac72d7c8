package dev.mailbell.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.Ports;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.delivery.log.Activity;
import dev.mailbell.delivery.log.ActivityTable;
import dev.mailbell.event.Ids;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.Health;
import dev.mailbell.webhook.Webhook.State;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The effect of each kind of answer on the delivery and the webhook. */
class ResponsesTest {
    private static final Database DATABASE = TestDatabase.create();
    private static final UUID ANN = Ids.next();
    private static final UUID BEN = Ids.next();

    @TempDir Path keys;
    private DeliveryEngine engine;
    private final AtomicReference<String> says = new AtomicReference<>(status(200));
    private final List<RawReceiver> receivers = new ArrayList<>();

    @BeforeEach
    void open() {
        engine = new DeliveryEngine(DATABASE, keys);
    }

    @AfterEach
    void close() throws Exception {
        engine.close();
        DATABASE.jdbi().useHandle(handle -> handle.execute("delete from webhook"));
        receivers.forEach(RawReceiver::close);
    }

    @AfterAll
    static void drop() {
        DATABASE.close();
    }

    private static String status(int status, String... headers) {
        StringBuilder answer = new StringBuilder("HTTP/1.1 " + status + " X\r\n");
        for (String header : headers) {
            answer.append(header).append("\r\n");
        }
        return answer.append("Content-Length: 0\r\n\r\n").toString();
    }

    private RawReceiver receiver(RawReceiver.Answer answer) {
        RawReceiver receiver = new RawReceiver(answer);
        receivers.add(receiver);
        return receiver;
    }

    private RawReceiver receiver() {
        return receiver(
                (request, out) -> out.write(says.get().getBytes(StandardCharsets.ISO_8859_1)));
    }

    private void awaitAttempts(Webhook webhook, int attempts) {
        await().untilAsserted(() -> assertThat(engine.attempts(webhook)).isEqualTo(attempts));
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 204, 299})
    void any_2xx_delivers_and_leaves_the_webhook_unchanged(int status) {
        says.set("HTTP/1.1 " + status + " X\r\nContent-Length: 0\r\n\r\n");
        Webhook webhook = engine.webhook(receiver());
        engine.mail(webhook, ANN, "INBOX", 1);
        await().untilAsserted(
                        () -> assertThat(engine.statuses(webhook)).containsExactly("delivered"));
        assertThat(engine.now(webhook).state()).isEqualTo(State.ENABLED);
        assertThat(engine.now(webhook).health()).isEqualTo(Health.GOOD);
    }

    @Test
    void attempts_are_counted_as_the_activity_of_the_webhook() throws Exception {
        says.set(status(500));
        Webhook webhook = engine.webhook(receiver());
        engine.mail(webhook, ANN, "INBOX", 1);
        awaitAttempts(webhook, 1);
        // What is counted is written once a minute, and at the end.
        engine.restart();
        List<Activity> activity =
                new ActivityTable(DATABASE.jdbi())
                        .of(
                                webhook.id(),
                                engine.clock.instant().minus(Duration.ofDays(1)),
                                engine.clock.instant().plus(Duration.ofDays(1)),
                                Duration.ofHours(1));
        assertThat(activity).hasSize(1);
        assertThat(activity.getFirst().attempts()).isOne();
        assertThat(activity.getFirst().failed()).isOne();
    }

    @Test
    void a_webhook_is_healthy_from_its_first_success_to_its_first_failure() {
        says.set(status(204));
        Webhook webhook = engine.webhook(receiver());
        DATABASE.jdbi().useHandle(handle -> handle.execute("update webhook set healthy = false"));
        engine.mail(webhook, ANN, "INBOX", 1);
        await().until(() -> engine.now(webhook).health().healthy());
        assertThat(engine.now(webhook).health()).isEqualTo(Health.GOOD);
        says.set(status(500));
        engine.mail(webhook, ANN, "INBOX", 1);
        await().until(() -> !engine.now(webhook).health().healthy());
        assertThat(engine.now(webhook).state()).isEqualTo(State.FAILING);
        says.set(status(204));
        engine.patch(webhook, State.ENABLED);
        await().until(() -> engine.now(webhook).health().healthy());
        engine.patch(webhook, State.DISABLED);
        assertThat(engine.now(webhook).health().healthy()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {301, 307, 400, 404, 500, 501})
    void any_other_answer_is_retried_with_the_same_bytes_and_id(int status) {
        says.set(status(status, "Location: http://127.0.0.1:1/"));
        RawReceiver receiver = receiver();
        Webhook webhook = engine.webhook(receiver);
        engine.mail(webhook, ANN, "INBOX", 1);
        awaitAttempts(webhook, 1);
        assertThat(engine.now(webhook).state()).isEqualTo(State.FAILING);
        assertThat(engine.now(webhook).health().lastError()).contains(Integer.toString(status));
        assertThat(engine.now(webhook).health().pausedUntil()).isNull();

        says.set(status(200));
        engine.clock.step(Duration.ofSeconds(40));
        await().untilAsserted(
                        () -> assertThat(engine.statuses(webhook)).containsExactly("delivered"));
        assertThat(engine.now(webhook).state()).isEqualTo(State.ENABLED);
        assertThat(engine.now(webhook).health()).isEqualTo(Health.GOOD);
        RawReceiver.Request first = receiver.requests.remove();
        RawReceiver.Request second = receiver.requests.remove();
        assertThat(second.body()).isEqualTo(first.body());
        assertThat(second.headers().get("webhook-id")).isEqualTo(first.headers().get("webhook-id"));
        assertThat(receiver.requests).isEmpty();
    }

    @Test
    void a_delivery_fails_for_good_when_the_retry_schedule_is_used_up() {
        says.set(status(500));
        engine.schedule = List.of(Duration.ofSeconds(5), Duration.ofMinutes(5));
        Webhook webhook = engine.webhook(receiver());
        engine.mail(webhook, ANN, "INBOX", 1);
        awaitAttempts(webhook, 1);
        engine.clock.step(Duration.ofSeconds(40));
        awaitAttempts(webhook, 2);
        engine.clock.step(Duration.ofMinutes(7));
        awaitAttempts(webhook, 3);
        assertThat(engine.statuses(webhook)).containsExactly("failed");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void retry_after_delays_the_delivery_on_every_failure(boolean asDate) {
        Instant hour = engine.clock.instant().plusSeconds(3600);
        String date =
                java.time.format.DateTimeFormatter.RFC_1123_DATE_TIME.format(
                        hour.atOffset(java.time.ZoneOffset.UTC));
        says.set(status(500, "Retry-After: " + (asDate ? date : "3600")));
        Webhook webhook = engine.webhook(receiver());
        engine.mail(webhook, ANN, "INBOX", 1);
        awaitAttempts(webhook, 1);
        says.set(status(200));
        engine.clock.step(Duration.ofMinutes(59));
        engine.awaitTicks();
        assertThat(engine.attempts(webhook)).isOne();
        // The webhook itself is not paused: another mailbox is sent.
        engine.mail(webhook, BEN, "INBOX", 1);
        awaitAttempts(webhook, 2);
        engine.clock.step(Duration.ofMinutes(2));
        awaitAttempts(webhook, 3);
    }

    @Test
    void gone_disables_the_webhook_at_once_and_enabling_sends_pending_deliveries() {
        says.set(status(410));
        RawReceiver receiver = receiver();
        Webhook webhook = engine.webhook(receiver);
        engine.mail(webhook, ANN, "INBOX", 1);
        await().until(() -> engine.now(webhook).state() == State.DISABLED);
        assertThat(engine.disabledEvents(webhook))
                .singleElement()
                .satisfies(event -> {
                    assertThat(event.payload())
                            .contains("\"reason\":\"gone\"")
                            .doesNotContain("127.0.0.1");
                    assertThat(event.accountId()).isNull();
                });
        engine.mail(webhook, ANN, "INBOX", 2);
        engine.mail(webhook, ANN, "INBOX", 3);
        engine.mail(webhook, BEN, "INBOX", 4);
        engine.clock.step(Duration.ofDays(1));
        engine.awaitTicks();
        assertThat(receiver.requests).hasSize(1);
        assertThat(engine.statuses(webhook))
                .containsExactly("pending", "superseded", "pending", "pending");

        says.set(status(200));
        engine.patch(webhook, State.ENABLED);
        await().untilAsserted(() ->
                assertThat(engine.statuses(webhook))
                        .containsExactly("delivered", "superseded", "delivered", "delivered"));
        assertThat(engine.now(webhook).state()).isEqualTo(State.ENABLED);
    }

    @ParameterizedTest
    @ValueSource(ints = {429, 502, 503, 504})
    void an_overload_status_pauses_the_webhook_over_a_restart(int status) throws Exception {
        says.set(status(status, "Retry-After: 600"));
        RawReceiver receiver = receiver();
        Webhook webhook = engine.webhook(receiver);
        engine.mail(webhook, ANN, "INBOX", 1);
        awaitAttempts(webhook, 1);
        assertThat(engine.now(webhook).state()).isEqualTo(State.FAILING);
        assertThat(engine.now(webhook).health().pausedUntil())
                .isBetween(
                        engine.clock.instant().plusSeconds(600),
                        engine.clock.instant().plusSeconds(620));
        says.set(status(200));
        engine.mail(webhook, BEN, "INBOX", 1);
        engine.restart();
        engine.clock.step(Duration.ofSeconds(590));
        engine.awaitTicks();
        assertThat(receiver.requests).hasSize(1);
        engine.clock.step(Duration.ofSeconds(40));
        await().untilAsserted(() ->
                assertThat(engine.statuses(webhook)).containsExactly("delivered", "delivered"));
        assertThat(engine.now(webhook).state()).isEqualTo(State.ENABLED);
    }

    @Test
    void without_retry_after_the_pause_is_the_floor_and_with_an_absurd_one_a_day() {
        says.set(status(503));
        Webhook floor = engine.webhook(receiver());
        engine.mail(floor, ANN, "INBOX", 1);
        awaitAttempts(floor, 1);
        assertThat(engine.now(floor).health().pausedUntil())
                .isBetween(
                        engine.clock.instant().plusSeconds(60),
                        engine.clock.instant().plusSeconds(80));
        says.set(status(503, "Retry-After: 999999999999"));
        Webhook day = engine.webhook(receiver());
        engine.mail(day, ANN, "INBOX", 1);
        awaitAttempts(day, 1);
        assertThat(engine.now(day).health().pausedUntil())
                .isBetween(
                        engine.clock.instant().plus(Duration.ofDays(1)),
                        engine.clock.instant().plus(Duration.ofDays(1)).plusSeconds(20));
    }

    @Test
    void a_timeout_pauses_the_webhook() {
        engine.timeout = Duration.ofMillis(200);
        Webhook webhook = engine.webhook(receiver((request, out) -> awaitEnd()));
        engine.mail(webhook, ANN, "INBOX", 1);
        awaitAttempts(webhook, 1);
        assertThat(engine.now(webhook).health().pausedUntil())
                .isAfterOrEqualTo(engine.clock.instant().plusSeconds(60));
    }

    private static void awaitEnd() throws IOException {
        try {
            Thread.sleep(Duration.ofMinutes(1));
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Test
    void five_refused_connections_open_the_breaker_and_one_probe_follows() throws Exception {
        try (Ports.Closed closed = new Ports.Closed()) {
            fiveRefusedOpenTheBreaker(closed.port());
        }
    }

    private void fiveRefusedOpenTheBreaker(int port) throws Exception {
        Webhook webhook = engine.webhook("http://127.0.0.1:" + port + "/");
        for (int i = 0; i < 5; i++) {
            engine.mail(webhook, Ids.next(), "INBOX", 1);
            awaitAttempts(webhook, i + 1);
        }
        Health open = engine.now(webhook).health();
        assertThat(open.breakerOpenings()).isOne();
        assertThat(open.breakerUntil()).isAfter(engine.clock.instant().plusSeconds(23));
        engine.mail(webhook, Ids.next(), "INBOX", 1);
        engine.mail(webhook, Ids.next(), "INBOX", 1);
        engine.restart();
        engine.awaitTicks();
        assertThat(engine.attempts(webhook)).isEqualTo(5);

        engine.clock.step(Duration.ofSeconds(40));
        awaitAttempts(webhook, 6);
        engine.awaitTicks();
        assertThat(engine.attempts(webhook)).isEqualTo(6);
        assertThat(engine.now(webhook).health().breakerOpenings()).isEqualTo(2);
    }

    @Test
    void a_webhook_without_a_success_for_five_days_and_ten_failures_is_disabled() {
        says.set(status(500));
        Webhook webhook = engine.webhook(receiver());
        for (int i = 0; i < 8; i++) {
            engine.mail(webhook, Ids.next(), "INBOX", 1);
        }
        awaitAttempts(webhook, 8);
        engine.schedule = List.of(Duration.ofDays(1), Duration.ofDays(1), Duration.ofDays(1));
        engine.clock.step(Duration.ofDays(5).minusHours(1));
        await().untilAsserted(
                        () -> assertThat(engine.attempts(webhook)).isGreaterThanOrEqualTo(10));
        assertThat(engine.now(webhook).state()).isEqualTo(State.FAILING);
        engine.clock.step(Duration.ofDays(2));
        await().until(() -> engine.now(webhook).state() == State.DISABLED);
        assertThat(engine.disabledEvents(webhook))
                .singleElement()
                .satisfies(event -> assertThat(event.payload()).contains("\"reason\":\"failing\""));
    }
}
