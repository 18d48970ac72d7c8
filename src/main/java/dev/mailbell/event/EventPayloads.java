package dev.mailbell.event;

import dev.mailbell.account.Account;
import dev.mailbell.account.Failure;
import dev.mailbell.detection.Change;
import dev.mailbell.detection.ImapMark;
import dev.mailbell.detection.Mark;
import dev.mailbell.mail.Envelope;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The JSON of events as webhooks and the feed carry it: {@code type}, {@code timestamp} and {@code
 * data}. The order of the keys is part of it.
 */
public final class EventPayloads {
    private static final JsonMapper JSON = new JsonMapper();

    private EventPayloads() {}

    /**
     * {@code mail.new}, {@code mailbox.baseline} or {@code mailbox.reset}: a change of a mailbox.
     *
     * @param change one with a mark
     * @param envelopes of the new messages; empty when they are not fetched
     * @param source what caused the check
     */
    public static String mailbox(
            EventType type,
            Account account,
            String mailbox,
            Change change,
            List<Envelope> envelopes,
            String source,
            Instant now) {
        Mark mark =
                Objects.requireNonNull(
                        change.next().mark(), "a change that is announced has a mark");
        ObjectNode payload = head(type, now);
        ObjectNode data = accountData(payload, account);
        data.put("mailbox", mailbox)
                .put("newCount", change.newCount())
                .put("pendingCount", change.next().pending())
                .put("total", mark.total());
        ObjectNode high = data.putObject("mark");
        high.put("maxId", mark.total()).put("uid", mark.topUidText());
        if (mark instanceof ImapMark imap && imap.uidValidity() > 0) {
            high.put("uidValidity", imap.uidValidity());
        } else {
            high.putNull("uidValidity");
        }
        if (change.approximate()) {
            data.put("approximate", true);
        }
        data.put("source", source).put("detectedAt", Timestamps.text(now));
        if (!envelopes.isEmpty()) {
            var list = data.putArray("envelopes");
            for (Envelope envelope : envelopes) {
                list.addObject()
                        .put("uid", envelope.uid())
                        .put("from", envelope.from())
                        .put("subject", envelope.subject())
                        .put("date", text(envelope.date()));
            }
        }
        return JSON.writeValueAsString(payload);
    }

    /**
     * {@code account.connected}, {@code account.retrying}, {@code account.parked} or {@code
     * account.recovered}: a change of an account's state.
     *
     * @param reconnect whether a consent link lets the owner of the mailbox end the failure
     */
    public static String account(EventType type, Account account, boolean reconnect, Instant now) {
        ObjectNode payload = head(type, now);
        ObjectNode data = accountData(payload, account);
        data.put("state", account.state().wireName());
        Failure failure = account.failure();
        if (failure == null) {
            data.putNull("failure");
        } else {
            data.putObject("failure")
                    .put("code", failure.code().wireName())
                    .put("message", failure.message())
                    .put("since", Timestamps.text(failure.since()))
                    .put("attempts", failure.attempts());
        }
        if (reconnect) {
            data.put("reconnect", true);
        }
        return JSON.writeValueAsString(payload);
    }

    /**
     * The facts of a webhook that was disabled. Its URL is not among them: it may hold a secret
     * that the client's other endpoints must not learn.
     *
     * @param gone whether it answered 410; otherwise it failed for too long
     * @param failingSince null when no attempt failed before
     * @param failures in a row
     */
    public record DisabledWebhook(
            UUID id,
            @Nullable String description,
            boolean gone,
            @Nullable Instant failingSince,
            int failures,
            @Nullable String lastError) {}

    /** {@code webhook.disabled}: Mailbell disabled a webhook. */
    public static String webhookDisabled(DisabledWebhook webhook, Instant now) {
        ObjectNode payload = head(EventType.WEBHOOK_DISABLED, now);
        ObjectNode data =
                webhook(payload, webhook.id(), webhook.description())
                        .put("reason", webhook.gone() ? "gone" : "failing");
        putFailures(data, webhook.failingSince(), webhook.failures(), webhook.lastError());
        return JSON.writeValueAsString(payload);
    }

    /**
     * The facts of a webhook that has begun to fail, without its URL.
     *
     * @param failures in a row
     */
    public record FailingWebhook(
            UUID id,
            @Nullable String description,
            @Nullable Instant failingSince,
            int failures,
            @Nullable String lastError) {}

    /** {@code webhook.failing}: the latest attempts of a webhook failed. */
    public static String webhookFailing(FailingWebhook webhook, Instant now) {
        ObjectNode payload = head(EventType.WEBHOOK_FAILING, now);
        ObjectNode data = webhook(payload, webhook.id(), webhook.description());
        putFailures(data, webhook.failingSince(), webhook.failures(), webhook.lastError());
        return JSON.writeValueAsString(payload);
    }

    /** The data of an event about a webhook, which begins so. */
    private static ObjectNode webhook(ObjectNode payload, UUID id, @Nullable String description) {
        return payload.putObject("data")
                .put("webhookId", id.toString())
                .put("description", description);
    }

    private static void putFailures(
            ObjectNode data, @Nullable Instant since, int failures, @Nullable String lastError) {
        data.put("failingSince", text(since)).put("failures", failures).put("lastError", lastError);
    }

    /**
     * Deliveries to one webhook that are not attempted any more.
     *
     * @param count how many there were since the last event of the webhook
     * @param since when the first of them failed
     * @param lastDelivery the latest of them
     * @param lastError of the webhook; null when it has accepted another delivery since
     */
    public record FailedDeliveries(
            UUID webhook,
            @Nullable String description,
            int count,
            Instant since,
            UUID lastDelivery,
            @Nullable String lastError) {}

    /** {@code delivery.failed}: deliveries used up their retry schedule. */
    public static String deliveryFailed(FailedDeliveries failed, Instant now) {
        ObjectNode payload = head(EventType.DELIVERY_FAILED, now);
        webhook(payload, failed.webhook(), failed.description())
                .put("count", failed.count())
                .put("since", Timestamps.text(failed.since()))
                .put("lastDeliveryId", failed.lastDelivery().toString())
                .put("lastError", failed.lastError());
        return JSON.writeValueAsString(payload);
    }

    /**
     * {@code account.stale}: no check of an account has ended for ten intervals.
     *
     * @param interval between its checks
     * @param checkedAt about when a check last ended; null when none has since its node took it
     */
    public static String accountStale(
            Account account, Duration interval, @Nullable Instant checkedAt, Instant now) {
        ObjectNode payload = head(EventType.ACCOUNT_STALE, now);
        accountData(payload, account)
                .put("state", account.state().wireName())
                .put("interval", interval.toString())
                .put("checkedAt", text(checkedAt));
        return JSON.writeValueAsString(payload);
    }

    /**
     * Mails of the canary that were not announced in time.
     *
     * @param reason {@code not_announced}, {@code not_sent} or {@code account_unavailable}
     * @param message for people
     * @param misses in a row
     * @param announcedAt when one was last announced; null when none was
     */
    public record LateCanary(
            UUID accountId,
            String reason,
            String message,
            int misses,
            @Nullable Instant announcedAt) {}

    /** {@code canary.late}: the mails that Mailbell sends to itself are not announced. */
    public static String canaryLate(LateCanary canary, Instant now) {
        ObjectNode payload = head(EventType.CANARY_LATE, now);
        payload.putObject("data")
                .put("accountId", canary.accountId().toString())
                .put("reason", canary.reason())
                .put("message", canary.message())
                .put("misses", canary.misses())
                .put("announcedAt", text(canary.announcedAt()));
        return JSON.writeValueAsString(payload);
    }

    /** The payload as the operator gets it: it also names the client. */
    public static String forOperator(String payload, UUID clientId) {
        ObjectNode json = (ObjectNode) JSON.readTree(payload);
        ((ObjectNode) json.get("data")).put("clientId", clientId.toString());
        return JSON.writeValueAsString(json);
    }

    /** The type in a payload; empty for one of a newer version. */
    public static Optional<EventType> type(String payload) {
        return EventType.ofWireName(JSON.readTree(payload).path("type").asString(""));
    }

    /** {@code webhook.test}: a client asked for a test of its webhook. */
    public static String webhookTest(UUID webhookId, Instant now) {
        ObjectNode payload = head(EventType.WEBHOOK_TEST, now);
        payload.putObject("data").put("webhookId", webhookId.toString());
        return JSON.writeValueAsString(payload);
    }

    /** The count of new messages in a payload; 0 when there is none. */
    public static int newCount(String payload) {
        return JSON.readTree(payload).path("data").path("newCount").asInt(0);
    }

    /** The same payload, key by key, with another count of new messages. */
    public static String withNewCount(String payload, int newCount) {
        ObjectNode json = (ObjectNode) JSON.readTree(payload);
        ((ObjectNode) json.get("data")).put("newCount", newCount);
        return JSON.writeValueAsString(json);
    }

    private static ObjectNode head(EventType type, Instant now) {
        return JSON.createObjectNode()
                .put("type", type.wireName())
                .put("timestamp", Timestamps.text(now));
    }

    private static ObjectNode accountData(ObjectNode payload, Account account) {
        return payload.putObject("data")
                .put("accountId", account.id().toString())
                .put("ref", account.ref())
                .put("address", account.address());
    }

    private static @Nullable String text(@Nullable Instant instant) {
        return instant == null ? null : Timestamps.text(instant);
    }
}
