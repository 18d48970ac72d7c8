package round;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import client.ApiClient;
import client.ApiException;
import client.api.AccountsApi;
import client.api.EventsApi;
import client.api.MailboxesApi;
import client.api.WebhooksApi;
import client.model.Account;
import client.model.AccountEventType;
import client.model.AccountFeedEvent;
import client.model.AccountPage;
import client.model.AccountPatch;
import client.model.AccountRequest;
import client.model.AccountStaleFeedEvent;
import client.model.AccountState;
import client.model.Attempt;
import client.model.BatchRequest;
import client.model.BatchResult;
import client.model.CanaryLateFeedEvent;
import client.model.DeliveryFailedFeedEvent;
import client.model.DeliveryStatus;
import client.model.DeliveryWithAttempts;
import client.model.EventPage;
import client.model.EventSelector;
import client.model.EventType;
import client.model.FailureCode;
import client.model.FeedEvent;
import client.model.MailPatch;
import client.model.MailProtocol;
import client.model.MailRequest;
import client.model.MailSecurity;
import client.model.Mailbox;
import client.model.MailboxEventType;
import client.model.MailboxFeedEvent;
import client.model.NewWebhook;
import client.model.PositionRequest;
import client.model.TlsRequest;
import client.model.Verification;
import client.model.WebhookDisabledFeedEvent;
import client.model.WebhookDisabledReason;
import client.model.WebhookFailingFeedEvent;
import client.model.WebhookPatch;
import client.model.WebhookRequest;
import client.model.WebhookState;
import client.model.WebhookSwitch;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** What a client program does with a generated client, from the first account to the last event. */
public final class Round {
    private final UUID tenant;
    private final AccountsApi accounts;
    private final MailboxesApi mailboxes;
    private final EventsApi events;
    private final WebhooksApi webhooks;

    private Round(ApiClient client, UUID tenant) {
        this.tenant = tenant;
        accounts = new AccountsApi(client);
        mailboxes = new MailboxesApi(client);
        events = new EventsApi(client);
        webhooks = new WebhooksApi(client);
    }

    /**
     * @param args the API's URL and key, the client to act as, a webhook of its with a delivery
     */
    public static void main(String[] args) throws Exception {
        Round round = new Round(Connection.to(args[0], args[1]), UUID.fromString(args[2]));
        round.verify();
        Account account = round.register();
        round.batch();
        round.list(account);
        round.change(account);
        round.mailbox(account);
        round.events();
        round.webhook();
        round.deliveries(args[3]);
        round.remove(account);
    }

    private static AccountRequest request(String ref) {
        return new AccountRequest()
                .ref(ref)
                .address("ann@example.org")
                .mail(
                        new MailRequest()
                                .protocol(MailProtocol.IMAP)
                                .host("imap.example.org")
                                .security(MailSecurity.TLS)
                                .password("s3cret-word"))
                .labels(Map.of("plan", "pro", "team/a", "x:y z"));
    }

    private void verify() throws ApiException {
        Verification works = accounts.verifyAccount(request(null), tenant);
        assertThat(works.getOk()).isTrue();
        assertThat(works.getMailboxes().getFirst().getTotal()).isEqualTo(33);
        assertThat(works.getMailboxes().getFirst().getUidValidity()).isEqualTo(1_713_632_002_544L);
        assertThat(works.getFailure()).isNull();
        AccountRequest wrong = request(null);
        wrong.getMail().setHost("fails.example.org");
        Verification fails = accounts.verifyAccount(wrong, tenant);
        assertThat(fails.getOk()).isFalse();
        assertThat(fails.getFailure().getCode()).isEqualTo(FailureCode.AUTH_FAILED);
    }

    private Account register() throws ApiException {
        Account account = accounts.registerAccount(request("round"), tenant, "key-1");
        assertThat(account.getState()).isEqualTo(AccountState.CONNECTING);
        assertThat(account.getFailure()).isNull();
        assertThat(account.getMode()).isNull();
        assertThat(account.getLabels()).containsEntry("team/a", "x:y z");
        assertThat(accounts.registerAccount(request("round"), tenant, "key-1").getId())
                .isEqualTo(account.getId());
        assertThatThrownBy(() -> accounts.registerAccount(request("round"), tenant, null))
                .isInstanceOfSatisfying(
                        ApiException.class,
                        refused -> {
                            assertThat(refused.getCode()).isEqualTo(409);
                            assertThat(refused.getResponseBody()).contains("ref-taken");
                        });
        return account;
    }

    private void batch() throws ApiException {
        List<BatchResult> results =
                accounts.registerAccounts(
                                new BatchRequest()
                                        .addAccountsItem(request("batch"))
                                        .addAccountsItem(request("round")),
                                tenant,
                                null)
                        .getResults();
        assertThat(results.getFirst().getStatus()).isEqualTo(201);
        assertThat(results.getFirst().getAccount().getRef()).isEqualTo("batch");
        assertThat(results.getLast().getStatus()).isEqualTo(409);
        assertThat(results.getLast().getProblem().getErrors().getFirst().getField())
                .isEqualTo("ref");
    }

    private void list(Account account) throws ApiException {
        List<String> both = List.of("plan:pro", "team/a:x:y z");
        AccountPage first =
                accounts.listAccounts(
                        tenant, 1, null, AccountState.CONNECTING, null, "imap.example.org", both,
                        null, null);
        assertThat(first.getItems()).extracting(Account::getId).containsExactly(account.getId());
        AccountPage second =
                accounts.listAccounts(
                        tenant, 50, first.getNextCursor(), null, null, null, List.of("plan:pro"),
                        null, null);
        assertThat(second.getItems()).extracting(Account::getRef).containsExactly("batch");
        assertThat(second.getNextCursor()).isNull();
        assertThat(
                        accounts.listAccounts(
                                        tenant, null, null, null, null, null, List.of("plan:free"),
                                        null, null)
                                .getItems())
                .isEmpty();
    }

    private void change(Account account) throws ApiException {
        AccountPatch patch =
                new AccountPatch()
                        .mail(
                                new MailPatch()
                                        .port(1993)
                                        .password("another")
                                        .tls(new TlsRequest().verify(true)))
                        .putLabelsItem("plan", "free");
        Account changed = accounts.changeAccount(account.getId().toString(), patch, tenant);
        assertThat(changed.getMail().getPort()).isEqualTo(1993);
        assertThat(changed.getLabels()).containsEntry("plan", "free").containsKey("team/a");
        assertThat(changed.getRef()).isEqualTo("round");
        assertThat(accounts.getAccount(account.getId().toString(), tenant).getMail().getHost())
                .isEqualTo("imap.example.org");
    }

    private void mailbox(Account account) throws ApiException {
        String id = account.getId().toString();
        assertThat(mailboxes.checkAccount(id, tenant).getMailboxes().getFirst().getNewCount())
                .isEqualTo(2);
        Mailbox unseen = mailboxes.listMailboxes(id, null, null, tenant).getItems().getFirst();
        assertThat(unseen.getTotal()).isNull();
        assertThat(unseen.getNotified()).isNull();
        PositionRequest upTo = new PositionRequest().uid("30").uidValidity(4_294_967_295L);
        Mailbox mailbox = mailboxes.setPosition(id, "INBOX", upTo, tenant);
        assertThat(mailbox.getNotified().getUid()).isEqualTo("39");
        assertThat(mailbox.getPendingCount()).isEqualTo(4);
        assertThat(
                        mailboxes
                                .setPosition(id, "INBOX", new PositionRequest().all(true), tenant)
                                .getClient()
                                .getMaxId())
                .isEqualTo(27);
    }

    private void events() throws ApiException {
        List<FeedEvent> found = new ArrayList<>();
        UUID after = null;
        do {
            EventPage page = events.listEvents(tenant, after, null, null, null, 3);
            found.addAll(page.getItems());
            after = page.getNextCursor();
        } while (after != null);
        Map<MailboxEventType, MailboxFeedEvent> ofMailboxes = new EnumMap<>(MailboxEventType.class);
        Map<AccountEventType, AccountFeedEvent> ofAccounts = new EnumMap<>(AccountEventType.class);
        List<WebhookDisabledFeedEvent> disabled = new ArrayList<>();
        List<String> ofHealth = new ArrayList<>();
        for (FeedEvent event : found) {
            switch (event.getActualInstance()) {
                case MailboxFeedEvent mailbox -> ofMailboxes.putIfAbsent(mailbox.getType(), mailbox);
                case AccountFeedEvent account -> ofAccounts.putIfAbsent(account.getType(), account);
                case WebhookDisabledFeedEvent webhook -> disabled.add(webhook);
                case AccountStaleFeedEvent stale -> ofHealth.add(stale.getData().getInterval());
                case WebhookFailingFeedEvent failing -> ofHealth.add(failing.getType().getValue());
                case DeliveryFailedFeedEvent failed -> ofHealth.add(failed.getType().getValue());
                case CanaryLateFeedEvent late -> ofHealth.add(late.getType().getValue());
                default -> throw new AssertionError(event.toString());
            }
        }
        assertThat(ofMailboxes).containsOnlyKeys(MailboxEventType.values());
        assertThat(ofAccounts).containsOnlyKeys(AccountEventType.values());
        MailboxFeedEvent mail = ofMailboxes.get(MailboxEventType.MAIL_NEW);
        assertThat(mail.getData().getNewCount()).isEqualTo(2);
        assertThat(mail.getData().getMark().getUidValidity()).isEqualTo(4_294_967_295L);
        assertThat(mail.getData().getEnvelopes().getFirst().getSubject()).isEqualTo("Ελληνικά");
        assertThat(mail.getData().getEnvelopes().getLast().getSubject()).isNull();
        assertThat(
                        ofAccounts
                                .get(AccountEventType.ACCOUNT_PARKED)
                                .getData()
                                .getFailure()
                                .getCode())
                .isEqualTo(FailureCode.AUTH_FAILED);
        assertThat(ofAccounts.get(AccountEventType.ACCOUNT_CONNECTED).getData().getFailure())
                .isNull();
        assertThat(ofHealth)
                .contains("PT2M", "webhook.failing", "delivery.failed", "canary.late");
        assertThat(disabled.getFirst().getData().getReason()).isEqualTo(WebhookDisabledReason.GONE);
        assertThat(events.listEvents(tenant, null, null, EventType.MAIL_NEW, null, null).getItems())
                .hasSize(2);
    }

    private void webhook() throws ApiException {
        NewWebhook created =
                webhooks.createWebhook(
                        new WebhookRequest()
                                .url("https://example.org/hooks")
                                .events(
                                        Set.of(
                                                EventSelector.MAIL_NEW,
                                                EventSelector.WEBHOOK_DISABLED)),
                        tenant,
                        null);
        assertThat(created.getSecret()).startsWith("whsec_");
        assertThat(created.getState()).isEqualTo(WebhookState.ENABLED);
        assertThat(created.getAccounts()).isNullOrEmpty();
        String id = created.getId().toString();
        assertThat(
                        webhooks.changeWebhook(
                                        id,
                                        new WebhookPatch()
                                                .events(Set.of(EventSelector.STAR))
                                                .state(WebhookSwitch.DISABLED),
                                        tenant)
                                .getState())
                .isEqualTo(WebhookState.DISABLED);
        assertThat(webhooks.rotateSecret(id, tenant).getPreviousSecretUntil()).isNotNull();
        Attempt attempt = webhooks.testWebhook(id, tenant);
        assertThat(attempt.getStatusCode()).isEqualTo(500);
        assertThat(attempt.getDelivered()).isFalse();
        webhooks.removeWebhook(id, tenant);
    }

    private void deliveries(String webhookId) throws ApiException {
        var page =
                webhooks.listDeliveries(
                        webhookId,
                        10,
                        null,
                        DeliveryStatus.PENDING,
                        null,
                        null,
                        null,
                        null,
                        null,
                        tenant);
        assertThat(page.getItems()).hasSize(1);
        assertThat(page.getItems().getFirst().getEventType()).isEqualTo(EventType.MAIL_NEW);
        DeliveryWithAttempts delivery =
                webhooks.getDelivery(page.getItems().getFirst().getId().toString(), tenant);
        assertThat(delivery.getCompletedAt()).isNull();
        assertThat(delivery.getAttempts().getFirst().getStatusCode()).isEqualTo(503);
    }

    private void remove(Account account) throws ApiException {
        accounts.removeAccount(account.getId().toString(), tenant);
        assertThatThrownBy(() -> accounts.getAccount(account.getId().toString(), tenant))
                .isInstanceOfSatisfying(
                        ApiException.class,
                        refused -> assertThat(refused.getCode()).isEqualTo(404));
    }
}
