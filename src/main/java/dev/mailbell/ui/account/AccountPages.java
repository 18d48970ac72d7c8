package dev.mailbell.ui.account;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountSearch;
import dev.mailbell.account.AccountSearch.Filter;
import dev.mailbell.account.AccountState;
import dev.mailbell.client.Client;
import dev.mailbell.client.ClientStore;
import dev.mailbell.client.Scope;
import dev.mailbell.mail.Protocol;
import dev.mailbell.network.Host;
import dev.mailbell.ui.account.AccountsView.Named;
import dev.mailbell.ui.account.AccountsView.Row;
import dev.mailbell.ui.page.PageRequest;
import dev.mailbell.ui.page.Pages;
import dev.mailbell.watch.AccountCommands.Live;
import dev.mailbell.watch.Watch;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The list of accounts with its search. */
final class AccountPages {
    static final String PATH = "/ui/accounts";

    private static final int PAGE = 50;
    private static final int LONGEST = 320;

    private final AccountSearch search;
    private final ClientStore clients;
    private final Watch watch;

    AccountPages(AccountSearch search, ClientStore clients, Watch watch) {
        this.search = search;
        this.clients = clients;
        this.watch = watch;
    }

    void addTo(Pages pages) {
        pages.entry("Accounts", PATH, Scope.ACCOUNTS_READ);
        pages.get(PATH, Scope.ACCOUNTS_READ, this::list);
    }

    /** What was typed. */
    private record Typed(
            String text,
            String state,
            String label,
            String host,
            @Nullable UUID client,
            @Nullable UUID after) {
        static Typed of(PageRequest request) {
            return new Typed(
                    request.query("text").orElse(""),
                    request.query("state").orElse(""),
                    request.query("label").orElse(""),
                    request.query("host").orElse(""),
                    request.query("client").flatMap(Typed::uuid).orElse(null),
                    request.query("after").flatMap(Typed::uuid).orElse(null));
        }

        private static Optional<UUID> uuid(String text) {
            try {
                return Optional.of(UUID.fromString(text));
            } catch (IllegalArgumentException e) {
                return Optional.empty();
            }
        }

        Optional<String> fault() {
            if (text.length() > LONGEST || label.length() > LONGEST) {
                return Optional.of("Search for at most " + LONGEST + " characters.");
            }
            if (text.indexOf('\0') >= 0 || label.indexOf('\0') >= 0) {
                return Optional.of("Search for text without control characters.");
            }
            if (!state.isEmpty() && AccountState.ofWireName(state).isEmpty()) {
                return Optional.of("There is no such state.");
            }
            if (!host.isEmpty() && canonical(host).isEmpty()) {
                return Optional.of("This is no name of a mail server.");
            }
            return label.isEmpty() || label.indexOf(':') > 0
                    ? Optional.empty()
                    : Optional.of("Write a label as name:value, such as plan:pro.");
        }

        private static Optional<String> canonical(String host) {
            try {
                return Optional.of(Host.of(host).toString());
            } catch (IllegalArgumentException e) {
                return Optional.empty();
            }
        }

        Filter filter(@Nullable UUID ofClient) {
            int colon = label.indexOf(':');
            return new Filter(
                    ofClient,
                    text.isEmpty() || text.equals("@") ? null : text,
                    AccountState.ofWireName(state).orElse(null),
                    null,
                    host.isEmpty() ? null : canonical(host).orElse(null),
                    label.isEmpty()
                            ? Map.of()
                            : Map.of(label.substring(0, colon), label.substring(colon + 1)));
        }

        String path(@Nullable UUID from) {
            String query =
                    Stream.of(
                                    part("text", text),
                                    part("state", state),
                                    part("label", label),
                                    part("host", host),
                                    part("client", client),
                                    part("after", from))
                            .filter(part -> !part.isEmpty())
                            .collect(Collectors.joining("&"));
            return query.isEmpty() ? PATH : PATH + "?" + query;
        }

        private static String part(String name, @Nullable Object value) {
            String text = Objects.toString(value, "");
            return text.isEmpty()
                    ? ""
                    : name + "=" + URLEncoder.encode(text, StandardCharsets.UTF_8);
        }
    }

    private void list(PageRequest request) {
        Typed typed = Typed.of(request);
        Optional<String> fault = typed.fault();
        @Nullable UUID client =
                request.isOperator() ? typed.client() : request.principal().clientId();
        List<Account> found =
                fault.isPresent()
                        ? List.of()
                        : search.page(typed.filter(client), typed.after(), PAGE + 1);
        List<Account> shown = found.subList(0, Math.min(PAGE, found.size()));
        Map<UUID, Live> live = watch.live(shown.stream().map(Account::id).toList());
        Map<UUID, Named> names = new HashMap<>();
        request.show(
                fault.isPresent() ? 422 : 200,
                "account/accounts",
                "Accounts",
                new AccountsView(
                        typed.text(),
                        typed.state(),
                        typed.label(),
                        typed.host(),
                        request.isOperator() && client != null ? name(client, names) : null,
                        request.isOperator() && client == null,
                        fault.orElse(null),
                        Arrays.stream(AccountState.values()).map(AccountState::wireName).toList(),
                        shown.stream().map(account -> row(account, live, names)).toList(),
                        found.size() > PAGE ? typed.path(shown.getLast().id()) : null,
                        typed.after() == null ? null : typed.path(null)));
    }

    private Named name(UUID client, Map<UUID, Named> names) {
        return names.computeIfAbsent(
                client,
                id ->
                        new Named(
                                id.toString(),
                                clients.find(id).map(Client::name).orElse("(removed)")));
    }

    private Row row(Account account, Map<UUID, Live> live, Map<UUID, Named> names) {
        Live of = live.get(account.id());
        return new Row(
                FoundAccounts.href(account),
                account.address(),
                account.ref(),
                account.mail().host(),
                account.mail().protocol() == Protocol.IMAP ? "IMAP" : "POP3",
                name(account.clientId(), names),
                Words.of(account.state()),
                account.failure() == null ? null : account.failure().message(),
                latest(account.lastCheckedAt(), of == null ? null : of.lastCheckedAt()),
                of == null ? null : of.nextCheckAt());
    }

    static @Nullable Instant latest(@Nullable Instant one, @Nullable Instant other) {
        return one == null || other != null && other.isAfter(one) ? other : one;
    }
}
