package dev.mailbell.ui.account;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.MailSettings;
import dev.mailbell.account.Mailbox;
import dev.mailbell.account.MailboxStore;
import dev.mailbell.api.request.EnumNames;
import dev.mailbell.api.request.RequestPolicy;
import dev.mailbell.client.Client;
import dev.mailbell.client.ClientStore;
import dev.mailbell.client.Scope;
import dev.mailbell.delivery.log.LoggedDelivery;
import dev.mailbell.detection.ImapMark;
import dev.mailbell.detection.Mark;
import dev.mailbell.detection.Pop3Mark;
import dev.mailbell.detection.Position;
import dev.mailbell.mail.FailureAdvice;
import dev.mailbell.mail.Protocol;
import dev.mailbell.routing.node.NodeUnavailableException;
import dev.mailbell.ui.account.AccountView.CheckRow;
import dev.mailbell.ui.account.AccountView.Choice;
import dev.mailbell.ui.account.AccountView.EventRow;
import dev.mailbell.ui.account.AccountView.Fact;
import dev.mailbell.ui.account.AccountView.MailboxRow;
import dev.mailbell.ui.account.AccountView.Times;
import dev.mailbell.ui.page.PageRequest;
import dev.mailbell.ui.page.Show;
import dev.mailbell.ui.page.ShownUrl;
import dev.mailbell.watch.AccountCommands.Live;
import dev.mailbell.watch.Watch;
import dev.mailbell.watch.admission.NotWatchedException;
import dev.mailbell.watch.history.PastCheck;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Collects all that the page of one account shows, as far as the key may see it. */
final class AccountViews {
    private static final Logger LOG = LoggerFactory.getLogger(AccountViews.class);

    private static final List<Duration> INTERVALS =
            List.of(
                    Duration.ofSeconds(30),
                    Duration.ofMinutes(1),
                    Duration.ofMinutes(2),
                    Duration.ofMinutes(5),
                    Duration.ofMinutes(15),
                    Duration.ofHours(1),
                    Duration.ofHours(6),
                    Duration.ofHours(24));

    private final Watch watch;
    private final RequestPolicy policy;
    private final MailboxStore mailboxes;
    private final ClientStore clients;
    private final Announcements announcements;

    AccountViews(
            Watch watch,
            RequestPolicy policy,
            MailboxStore mailboxes,
            ClientStore clients,
            Announcements announcements) {
        this.watch = watch;
        this.policy = policy;
        this.mailboxes = mailboxes;
        this.clients = clients;
        this.announcements = announcements;
    }

    AccountView of(PageRequest request, Account account, @Nullable String fault) {
        @Nullable Live live = watch.live(account.id()).orElse(null);
        Instant lastChecked =
                AccountPages.latest(
                        account.lastCheckedAt(), live == null ? null : live.lastCheckedAt());
        boolean seesWebhooks = request.may(Scope.WEBHOOKS_READ);
        List<LoggedDelivery> deliveries =
                seesWebhooks ? announcements.deliveries(account) : List.of();
        Optional<List<CheckRow>> checks = checks(account);
        List<EventRow> events =
                request.may(Scope.EVENTS_READ)
                        ? announcements.events(request, account, seesWebhooks ? deliveries : null)
                        : null;
        return new AccountView(
                FoundAccounts.href(account),
                account.address(),
                Words.of(account.state()),
                fault,
                Findings.of(
                        account,
                        live,
                        lastChecked,
                        interval(account),
                        seesWebhooks ? announcements.webhooks(account) : null,
                        deliveries,
                        url -> ShownUrl.of(url, request),
                        request.now()),
                facts(request, account, live),
                new Times(
                        lastChecked,
                        live == null ? null : live.nextCheckAt(),
                        account.stateSince(),
                        account.createdAt()),
                request.may(Scope.ACCOUNTS_WRITE),
                account.state() == AccountState.PAUSED,
                account.watch().interval() == null ? "" : account.watch().interval().toString(),
                intervals(account),
                mailboxes.list(account.id()).stream().map(AccountViews::row).toList(),
                checks.orElse(List.of()),
                checks.isPresent(),
                events);
    }

    private Duration interval(Account account) {
        Duration own = account.watch().interval();
        return own != null
                ? own
                : policy.interval(account.mail().protocol(), account.mail().host());
    }

    private List<Choice> intervals(Account account) {
        Protocol protocol = account.mail().protocol();
        List<Choice> choices = new ArrayList<>();
        choices.add(
                new Choice(
                        "",
                        "as configured ("
                                + Show.duration(policy.interval(protocol, account.mail().host()))
                                + ")"));
        Stream.concat(INTERVALS.stream(), Stream.ofNullable(account.watch().interval()))
                .distinct()
                .sorted()
                .filter(it ->
                        it.equals(account.watch().interval())
                                || it.compareTo(policy.minInterval(protocol)) >= 0
                                        && it.compareTo(policy.maxInterval(protocol)) <= 0)
                .forEach(it -> choices.add(new Choice(it.toString(), Show.duration(it))));
        return choices;
    }

    private List<Fact> facts(PageRequest request, Account account, @Nullable Live live) {
        MailSettings mail = account.mail();
        List<Fact> facts = new ArrayList<>();
        facts.add(new Fact("Mode", Words.mode(account, live)));
        facts.add(new Fact("Proof", Words.proof(mail.protocol(), live)));
        facts.add(new Fact("Interval", Show.duration(interval(account))));
        facts.add(
                new Fact(
                        "Mail server",
                        (mail.protocol() == Protocol.IMAP ? "IMAP" : "POP3")
                                + " at "
                                + mail.host()
                                + ":"
                                + mail.port()
                                + ", "
                                + EnumNames.of(mail.security())));
        facts.add(new Fact("Login", mail.username() + ", by " + EnumNames.of(mail.auth())));
        if (account.ref() != null) {
            facts.add(new Fact("Ref", account.ref()));
        }
        if (!account.labels().isEmpty()) {
            facts.add(new Fact("Labels", labels(account.labels())));
        }
        if (request.isOperator()) {
            facts.add(
                    new Fact(
                            "Client",
                            clients.find(account.clientId())
                                    .map(Client::name)
                                    .orElse("(removed)")));
        }
        facts.add(new Fact("Id", account.id().toString()));
        return facts;
    }

    private static String labels(Map<String, String> labels) {
        return new TreeMap<>(labels)
                .entrySet().stream()
                        .map(label -> label.getKey() + ": " + label.getValue())
                        .collect(Collectors.joining(", "));
    }

    private static MailboxRow row(Mailbox mailbox) {
        Mark mark = mailbox.state().mark();
        Position client = mailbox.state().client();
        Integer pending = mailbox.state().pending();
        return new MailboxRow(
                mailbox.name(),
                mark == null ? "not counted yet" : Show.count(mark.total()),
                mark == null ? "–" : mark(mark),
                client == null
                        ? null
                        : "number "
                                + Show.count(client.maxId())
                                + (client.uid() == null ? "" : ", UID " + client.uid()),
                pending == null ? "–" : Show.count(pending),
                mark instanceof ImapMark imap && imap.approximate()
                        || mark instanceof Pop3Mark pop3 && pop3.approximate(),
                mailbox.lastCheckedAt());
    }

    private static String mark(Mark mark) {
        String top = mark.topUidText();
        String counted = "number " + Show.count(mark.total()) + (top == null ? "" : ", UID " + top);
        return mark instanceof ImapMark imap && imap.uidValidity() > 0
                ? counted + ", UIDVALIDITY " + imap.uidValidity()
                : counted;
    }

    /** Empty when the node that checks the account does not answer. */
    private Optional<List<CheckRow>> checks(Account account) {
        try {
            return Optional.of(
                    watch.pastChecks(account.id()).stream().map(AccountViews::row).toList());
        } catch (NodeUnavailableException | NotWatchedException e) {
            LOG.debug("How checks of account {} went is not known now", account.id(), e);
            return Optional.empty();
        }
    }

    private static CheckRow row(PastCheck check) {
        String message = check.message();
        String failure =
                check.code() == null
                        ? ""
                        : Objects.requireNonNullElse(message, check.code().wireName());
        String what =
                switch (check.result()) {
                    case MAIL -> Words.messages(check.newCount()) + " new";
                    case RESET -> "the server's UIDs lost their meaning";
                    case NOTHING, FAILED, CONNECTION_LOST -> "";
                };
        return new CheckRow(
                check.startedAt(),
                Show.duration(Duration.ofMillis(check.tookMillis())),
                Words.of(check.trigger()),
                Words.of(check.result()),
                Stream.of(what, failure)
                        .filter(text -> !text.isEmpty())
                        .collect(Collectors.joining("; ")),
                check.code() == null ? "" : FailureAdvice.of(check.code()),
                check.times(),
                check.firstAt());
    }
}
