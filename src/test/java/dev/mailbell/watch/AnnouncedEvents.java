package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.Failure;
import dev.mailbell.account.MailSettings;
import dev.mailbell.account.WatchSettings;
import dev.mailbell.detection.Change;
import dev.mailbell.detection.ImapMark;
import dev.mailbell.detection.ImapState;
import dev.mailbell.detection.MailboxState;
import dev.mailbell.detection.Pop3Mark;
import dev.mailbell.detection.Pop3State;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventPayloads;
import dev.mailbell.event.EventPayloads.FailedDeliveries;
import dev.mailbell.event.EventPayloads.FailingWebhook;
import dev.mailbell.event.EventPayloads.LateCanary;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import dev.mailbell.mail.Envelope;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import dev.mailbell.watch.record.MailboxEvents;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Events of accounts and mailboxes as the watch writes them, in every shape that they have. */
public final class AnnouncedEvents {
    private static final Instant NOW = Instant.parse("2026-11-20T23:59:07.123Z");
    private static final UUID HOOK = Ids.next();
    private static final MailboxState IMAP =
            new ImapState(new ImapMark(4_294_967_295L, 40, 31, 39), null, 4);
    private static final MailboxState EMPTY = new ImapState(new ImapMark(1, 1, 0, 0), null, null);
    private static final MailboxState POP3 =
            new Pop3State(new Pop3Mark(31, 9_000, "a", "z", false), null, null);

    private AnnouncedEvents() {}

    /** At least one event of the type, of an account of the client. */
    public static List<Event> of(EventType type, UUID clientId, UUID accountId) {
        Account account = account(clientId, accountId, "user-42");
        Account nameless = account(clientId, accountId, null);
        return switch (type) {
            case MAIL_NEW ->
                    List.of(
                            mailbox(account, Change.Kind.NEW, IMAP, false, envelopes()),
                            mailbox(nameless, Change.Kind.NEW, POP3, true, List.of()));
            case MAILBOX_BASELINE ->
                    List.of(
                            mailbox(account, Change.Kind.BASELINE, IMAP, false, List.of()),
                            mailbox(nameless, Change.Kind.BASELINE, EMPTY, false, List.of()));
            case MAILBOX_RESET ->
                    List.of(mailbox(account, Change.Kind.RESET, POP3, true, List.of()));
            case ACCOUNT_CONNECTED, ACCOUNT_RECOVERED ->
                    List.of(
                            MailboxEvents.of(
                                    account.withState(AccountState.WATCHING, NOW, null),
                                    type,
                                    false,
                                    NOW));
            case ACCOUNT_RETRYING -> List.of(failing(account, AccountState.RETRYING, type));
            case ACCOUNT_PARKED -> List.of(failing(nameless, AccountState.PARKED, type));
            case ACCOUNT_STALE ->
                    List.of(stale(account, NOW.minusSeconds(1200)), stale(nameless, null));
            case WEBHOOK_FAILING ->
                    List.of(
                            event(
                                    clientId,
                                    type,
                                    failing(new FailingWebhook(HOOK, "the CRM", NOW, 2, "no"))),
                            event(
                                    clientId,
                                    type,
                                    failing(new FailingWebhook(HOOK, null, null, 0, null))));
            case DELIVERY_FAILED ->
                    List.of(
                            event(
                                    clientId,
                                    type,
                                    EventPayloads.deliveryFailed(
                                            new FailedDeliveries(HOOK, null, 3, NOW, HOOK, "no"),
                                            NOW)));
            case CANARY_LATE ->
                    List.of(
                            event(
                                    clientId,
                                    type,
                                    late(new LateCanary(accountId, "not_sent", "no", 3, NOW))),
                            event(
                                    clientId,
                                    type,
                                    late(
                                            new LateCanary(
                                                    accountId,
                                                    "account_unavailable",
                                                    "gone",
                                                    4,
                                                    null))));
            case WEBHOOK_DISABLED, WEBHOOK_TEST ->
                    throw new IllegalArgumentException("not of an account: " + type);
        };
    }

    private static Event mailbox(
            Account account,
            Change.Kind kind,
            MailboxState next,
            boolean approximate,
            List<Envelope> envelopes) {
        Change change = new Change(kind, 2, approximate, next, null, List.of());
        return MailboxEvents.of(account, "INBOX", change, envelopes, "idle", NOW).orElseThrow();
    }

    private static String failing(FailingWebhook webhook) {
        return EventPayloads.webhookFailing(webhook, NOW);
    }

    private static String late(LateCanary canary) {
        return EventPayloads.canaryLate(canary, NOW);
    }

    private static Event event(UUID clientId, EventType type, String payload) {
        return new Event(Ids.next(), clientId, null, type, NOW, payload);
    }

    private static Event stale(Account account, @Nullable Instant checkedAt) {
        return new Event(
                Ids.next(),
                account.clientId(),
                account.id(),
                EventType.ACCOUNT_STALE,
                NOW,
                EventPayloads.accountStale(account, Duration.ofMinutes(2), checkedAt, NOW));
    }

    private static Event failing(Account account, AccountState state, EventType type) {
        Failure failure = new Failure(FailureCode.AUTH_FAILED, "the server said no", NOW, 3);
        return MailboxEvents.of(account.withState(state, NOW, failure), type, false, NOW);
    }

    private static List<Envelope> envelopes() {
        return List.of(
                new Envelope("39", "bob@example.org", "Ελληνικά", NOW),
                new Envelope("40", null, null, null));
    }

    private static Account account(UUID clientId, UUID id, @Nullable String ref) {
        return new Account(
                id,
                clientId,
                ref,
                "ann@example.org",
                new MailSettings(
                        Protocol.IMAP,
                        "imap.example.org",
                        993,
                        Security.TLS,
                        "ann@example.org",
                        MailSettings.Auth.PASSWORD,
                        true,
                        null),
                new byte[] {1},
                null,
                List.of("INBOX"),
                new WatchSettings(null, null, true),
                Map.of(),
                AccountState.CONNECTING,
                NOW,
                null,
                null,
                NOW,
                NOW);
    }
}
