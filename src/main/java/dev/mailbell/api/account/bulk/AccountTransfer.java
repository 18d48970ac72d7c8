package dev.mailbell.api.account.bulk;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountExport;
import dev.mailbell.account.AccountExport.Exported;
import dev.mailbell.account.AccountImport;
import dev.mailbell.account.AccountImport.Imported;
import dev.mailbell.account.AccountImport.ImportedMailbox;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.Failure;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.MailSettings.Auth;
import dev.mailbell.account.Mailbox;
import dev.mailbell.api.account.AccountDocument;
import dev.mailbell.api.account.bulk.BulkRegistration.Item;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.Json;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.Protocol;
import dev.mailbell.watch.Watch;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Accounts as they are exported and imported: without secrets, with the marks of their mailboxes.
 * The caller of an import may add the secrets; an account without one waits until it is given.
 */
public final class AccountTransfer {
    private static final String NO_LOGIN =
            "the account was imported without a secret; give it one with PATCH (mail.password or"
                    + " mail.oauth2)";
    private static final Problem ID_OF_WEBHOOK =
            Problem.invalid("id", "is that of a webhook that is imported");

    private final AccountExport exports;
    private final AccountImport imports;
    private final BulkRegistration registration;
    private final Watch watch;

    public AccountTransfer(
            AccountExport exports,
            AccountImport imports,
            BulkRegistration registration,
            Watch watch) {
        this.exports = exports;
        this.imports = imports;
        this.registration = registration;
        this.watch = watch;
    }

    /**
     * Writes all accounts of a client.
     *
     * @return how many they were
     */
    public long export(UUID clientId, Consumer<ObjectNode> out) {
        long count = 0;
        UUID last = null;
        for (List<Exported> page = exports.page(clientId, last);
                !page.isEmpty();
                page = exports.page(clientId, last)) {
            for (Exported exported : page) {
                out.accept(document(exported));
                count++;
            }
            last = page.getLast().account().id();
        }
        return count;
    }

    private static ObjectNode document(Exported exported) {
        Account account = exported.account();
        ObjectNode json = Json.MAPPER.createObjectNode();
        json.put("type", "account");
        json.put("id", account.id().toString());
        json.put("state", account.state().wireName());
        ObjectNode settings = AccountDocument.of(account, new LoginSecret.Missing());
        removeNulls(settings);
        json.set("account", settings);
        ArrayNode marks = json.putArray("marks");
        for (Mailbox mailbox : exported.mailboxes()) {
            marks.add(
                    MarkDocument.of(
                            mailbox, exported.known().getOrDefault(mailbox.name(), List.of())));
        }
        return json;
    }

    private static void removeNulls(ObjectNode json) {
        List<String> nulls = new ArrayList<>();
        for (Map.Entry<String, JsonNode> member : json.properties()) {
            if (member.getValue().isNull()) {
                nulls.add(member.getKey());
            } else if (member.getValue() instanceof ObjectNode object) {
                removeNulls(object);
            }
        }
        nulls.forEach(json::remove);
    }

    /** A line of an import. */
    public record Line(long number, UUID id, ObjectNode json) {}

    /** Takes what became of each line. */
    public interface Report {
        void imported(Line line);

        /** An earlier import has added it. */
        void present(Line line);

        void refused(Line line, Problem problem);
    }

    private record Prepared(Line line, Item item, List<ImportedMailbox> marks) {}

    /**
     * Adds accounts of an export, in one transaction; each succeeds or fails by itself.
     *
     * @param resume whether accounts that were paused are watched
     */
    public void importAll(UUID clientId, List<Line> lines, boolean resume, Report report) {
        Map<UUID, UUID> present = imports.present(clientId, lines.stream().map(Line::id).toList());
        Map<UUID, Line> fresh = new LinkedHashMap<>();
        for (Line line : lines) {
            if (present.containsKey(line.id()) || fresh.putIfAbsent(line.id(), line) != null) {
                report.present(line);
            }
        }
        List<Line> ordered = List.copyOf(fresh.values());
        List<Item> items =
                registration.prepareImported(
                        clientId, ordered.stream().map(AccountTransfer::settings).toList());
        Map<UUID, Prepared> prepared = new HashMap<>();
        for (int i = 0; i < items.size(); i++) {
            Item item = items.get(i);
            String state = ordered.get(i).json().path("state").asString("");
            item.change(account -> imported(account, state, resume));
            List<ImportedMailbox> marks = marks(ordered.get(i), item);
            Account account = item.account();
            if (account != null) {
                prepared.put(account.id(), new Prepared(ordered.get(i), item, marks));
            }
        }
        Set<UUID> inUse = new HashSet<>();
        List<Account> stored =
                registration.store(clientId, items, accounts -> insert(accounts, prepared, inUse));
        watch.watchNew(stored.stream().filter(Account::isWatched).toList());
        Set<UUID> addedMeanwhile =
                inUse.isEmpty() ? Set.of() : imports.present(clientId, inUse).keySet();
        for (int i = 0; i < items.size(); i++) {
            Line line = ordered.get(i);
            Problem problem = items.get(i).problem();
            if (problem == null) {
                report.imported(line);
            } else if (addedMeanwhile.contains(line.id())) {
                report.present(line);
            } else {
                report.refused(line, inUse.contains(line.id()) ? ID_OF_WEBHOOK : problem);
            }
        }
    }

    private Set<UUID> insert(
            List<Account> accounts, Map<UUID, Prepared> prepared, Set<UUID> inUse) {
        List<Imported> rows = new ArrayList<>();
        for (Account account : accounts) {
            Prepared from = prepared.get(account.id());
            if (from != null) {
                rows.add(new Imported(account, from.line().id(), from.marks()));
            }
        }
        return imports.insert(rows, inUse);
    }

    private static JsonNode settings(Line line) {
        return line.json().path("account");
    }

    private static Account imported(Account account, String state, boolean resume) {
        if (state.equals(AccountState.PAUSED.wireName()) && !resume) {
            return account.withState(AccountState.PAUSED, account.createdAt(), null);
        }
        return account.mail().auth() == Auth.NONE
                ? account.withState(
                        AccountState.PARKED,
                        account.createdAt(),
                        new Failure(FailureCode.AUTH_FAILED, NO_LOGIN, account.createdAt(), 1))
                : account;
    }

    /** The marks of the mailboxes that the account names. */
    private static List<ImportedMailbox> marks(Line line, Item item) {
        Account account = item.account();
        List<ImportedMailbox> marks = new ArrayList<>();
        if (account == null) {
            return marks;
        }
        try {
            for (JsonNode node : line.json().path("marks")) {
                ImportedMailbox mark = mark(node, account.mail().protocol());
                if (account.mailboxes().contains(mark.name())
                        && marks.stream().noneMatch(it -> it.name().equals(mark.name()))) {
                    marks.add(mark);
                }
            }
        } catch (ProblemException e) {
            item.refuse(e.problem());
        }
        return marks;
    }

    private static ImportedMailbox mark(JsonNode node, Protocol protocol) {
        if (!(node instanceof ObjectNode json)) {
            throw new ProblemException(Problem.invalid("marks", "must be an array of objects"));
        }
        return MarkDocument.read(json, protocol);
    }

    /** The accounts that were imported, by the ids that they were exported with. */
    public Map<UUID, UUID> imported(UUID clientId, List<UUID> sources) {
        return imports.present(clientId, sources);
    }
}
