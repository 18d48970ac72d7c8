package dev.mailbell.ui.account;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.Failure;
import dev.mailbell.account.MailSettings.Auth;
import dev.mailbell.delivery.log.LoggedDelivery;
import dev.mailbell.event.EventType;
import dev.mailbell.mail.FailureAdvice;
import dev.mailbell.ui.account.AccountView.Finding;
import dev.mailbell.ui.page.Show;
import dev.mailbell.watch.AccountCommands.Live;
import dev.mailbell.webhook.Webhook;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Explains in plain words whether new mail of an account is found and announced. */
final class Findings {
    /** So many intervals without a check are too many. */
    private static final int INTERVALS = 3;

    private static final List<String> GRAVEST_FIRST = List.of("bad", "warn", "", "good");

    private final Account account;
    private final Instant now;
    private final List<Finding> found = new ArrayList<>();

    private Findings(Account account, Instant now) {
        this.account = account;
        this.now = now;
    }

    /**
     * @param live null when it is not known
     * @param interval in which the account is checked
     * @param webhooks of the account's client; null when the key may not see them
     * @param deliveries of the account, the newest first; empty when the key may not see them
     * @param shown how the URL of a webhook is shown
     */
    static List<Finding> of(
            Account account,
            @Nullable Live live,
            @Nullable Instant lastCheckedAt,
            Duration interval,
            @Nullable List<Webhook> webhooks,
            List<LoggedDelivery> deliveries,
            UnaryOperator<String> shown,
            Instant now) {
        Findings findings = new Findings(account, now);
        findings.ofState();
        findings.ofWatch(live, lastCheckedAt, interval);
        if (webhooks != null) {
            findings.ofWebhooks(webhooks, shown);
            findings.ofDeliveries(deliveries);
        }
        return findings.found.stream()
                .sorted(Comparator.comparingInt(finding -> GRAVEST_FIRST.indexOf(finding.kind())))
                .toList();
    }

    private void add(String kind, String what, String advice) {
        found.add(new Finding(kind, what, advice));
    }

    private void ofState() {
        Failure failure = account.failure();
        String words = failure == null ? "" : failure.message();
        String advice = failure == null ? "" : FailureAdvice.of(failure.code());
        if (account.mail().auth() == Auth.NONE) {
            add(
                    "bad",
                    "The account was imported without a secret, so that nothing is checked.",
                    "Give it a password or OAuth 2.0 grant through the API (PATCH).");
            return;
        }
        switch (account.state()) {
            case PAUSED -> add("warn", "The account is paused: nothing is checked.", "Resume it.");
            case PARKED ->
                    add(
                            "bad",
                            "The login does not work, so that mail is not seen: " + words,
                            advice + " Then reconnect.");
            case RETRYING ->
                    add("bad", "The latest checks failed, and are tried again: " + words, advice);
            case CONNECTING ->
                    add(
                            "",
                            "No check has succeeded with this login yet.",
                            "Check now, or trace, to see what the server says.");
            case WATCHING -> {
                if (failure != null) {
                    add("warn", words, advice);
                }
            }
        }
    }

    private void ofWatch(@Nullable Live live, @Nullable Instant lastCheckedAt, Duration interval) {
        if (!account.isWatched()) {
            return;
        }
        if (live == null) {
            add(
                    "warn",
                    "The node that checks this account does not answer, or is just taking it over.",
                    "Look at the nodes; the account is taken over by itself.");
            return;
        }
        if (account.state() != AccountState.WATCHING || lastCheckedAt == null) {
            return;
        }
        Duration since = Duration.between(lastCheckedAt, now);
        boolean pushes = "idle".equals(live.mode());
        if (!pushes && since.compareTo(interval.multipliedBy(INTERVALS)) > 0) {
            add(
                    "bad",
                    "The last check was "
                            + Show.duration(since)
                            + " ago, although one is due every "
                            + Show.duration(interval)
                            + ".",
                    "Checks are late: look at the host and the nodes.");
        } else if (account.failure() == null) {
            add(
                    "good",
                    pushes
                            ? "The server tells of new mail at once; the last check was "
                                    + Show.duration(since)
                                    + " ago."
                            : "Checks succeed; the last one was " + Show.duration(since) + " ago.",
                    "");
        }
    }

    private void ofWebhooks(List<Webhook> webhooks, UnaryOperator<String> shown) {
        List<Webhook> wanting = webhooks.stream().filter(this::wantsMail).toList();
        if (wanting.isEmpty()) {
            add(
                    "warn",
                    "No webhook wants new mail of this account.",
                    "Events are in the feed only: add a webhook, or correct the events, accounts and"
                            + " labels that the webhooks select by.");
            return;
        }
        for (Webhook webhook : wanting) {
            if (webhook.state() == Webhook.State.DISABLED) {
                add(
                        "bad",
                        "The webhook "
                                + shown.apply(webhook.url())
                                + " is disabled: its deliveries wait.",
                        "Mend the receiver, then enable the webhook.");
            } else if (webhook.health().failures() > 0) {
                add(
                        "bad",
                        "The webhook "
                                + shown.apply(webhook.url())
                                + " fails: "
                                + (webhook.health().lastError() == null
                                        ? "its last attempt failed"
                                        : webhook.health().lastError()),
                        "Deliveries are tried again by themselves; look at the receiver.");
            }
        }
    }

    private boolean wantsMail(Webhook webhook) {
        return (webhook.events().contains(Webhook.ALL_EVENTS)
                        || webhook.events().contains(EventType.MAIL_NEW.wireName()))
                && (webhook.accounts() == null || webhook.accounts().contains(account.id()))
                && account.labels().entrySet().containsAll(webhook.labels().entrySet());
    }

    private void ofDeliveries(List<LoggedDelivery> deliveries) {
        long pending =
                deliveries.stream()
                        .filter(it -> it.status() == LoggedDelivery.Status.PENDING)
                        .count();
        long failed =
                deliveries.stream()
                        .filter(it -> it.status() == LoggedDelivery.Status.FAILED)
                        .count();
        if (pending > 0) {
            add(
                    "warn",
                    Show.count(pending, "delivery waits", "deliveries wait") + " to be sent.",
                    "See the events below for the last error of each.");
        }
        if (failed > 0) {
            add(
                    "bad",
                    Show.count(failed, "delivery", "deliveries") + " failed for good.",
                    "Mend the receiver, then send them again from the webhook's page.");
        }
    }
}
