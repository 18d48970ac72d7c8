package dev.mailbell.account;

import dev.mailbell.database.ClientRow;
import dev.mailbell.detection.ImapMark;
import dev.mailbell.detection.MailboxState;
import dev.mailbell.detection.Mark;
import dev.mailbell.detection.Pop3Mark;
import dev.mailbell.detection.Position;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jspecify.annotations.Nullable;

/**
 * Adds accounts that were exported, with their marks: what was announced elsewhere is not announced
 * again. Remembers the exported ids, so that no account is added twice.
 */
public final class AccountImport {
    private final Jdbi jdbi;
    private final NewAccounts accounts;

    public AccountImport(Jdbi jdbi) {
        this.jdbi = jdbi;
        this.accounts = new NewAccounts(jdbi);
    }

    /**
     * An account to add.
     *
     * @param source its id where it was exported
     * @param mailboxes with the marks; those that the account does not name are left out
     */
    public record Imported(Account account, UUID source, List<ImportedMailbox> mailboxes) {}

    /**
     * What is known of a mailbox.
     *
     * @param known the chunks of known messages as they are stored, in their order
     */
    public record ImportedMailbox(
            String name, MailboxState state, @Nullable Instant lastCheckedAt, List<byte[]> known) {}

    /** The accounts that a client has imported already, by the ids that they were exported with. */
    public Map<UUID, UUID> present(UUID clientId, Collection<UUID> sources) {
        return jdbi.withHandle(handle -> {
            Map<UUID, UUID> present = new HashMap<>();
            handle.createQuery(
                            """
                            select source, account_id from imported
                            where client_id = :client and source = any (:sources) and account_id is not null\
                            """)
                    .bind("client", clientId)
                    .bind("sources", sources.toArray(UUID[]::new))
                    .map((row, context) ->
                            present.put(
                                    row.getObject("source", UUID.class),
                                    row.getObject("account_id", UUID.class)))
                    .list();
            return present;
        });
    }

    /**
     * Adds accounts of one client with their marks, in one transaction.
     *
     * @param inUse gets the exported ids under which something is there already: nothing is added
     *     for them
     * @return the ids of those that were added; the refs of the others are taken
     */
    public Set<UUID> insert(List<Imported> imports, Set<UUID> inUse) {
        if (imports.isEmpty()) {
            return Set.of();
        }
        return jdbi.inTransaction(handle -> {
            inUse.addAll(lockInUse(handle, imports));
            List<Imported> free =
                    imports.stream().filter(it -> !inUse.contains(it.source())).toList();
            Set<UUID> added = accounts.insert(free.stream().map(Imported::account).toList());
            List<Imported> rows =
                    free.stream().filter(it -> added.contains(it.account().id())).toList();
            remember(handle, rows);
            insertMarks(handle, rows);
            insertKnown(handle, rows);
            return added;
        });
    }

    /** The row of the client lets two imports at once, at two nodes, not add the same. */
    private static List<UUID> lockInUse(Handle handle, List<Imported> imports) {
        UUID client = imports.getFirst().account().clientId();
        ClientRow.lock(handle, client);
        return handle.createQuery(
                        """
                        select source from imported where client_id = :client and source = any (:sources)\
                        """)
                .bind("client", client)
                .bind("sources", imports.stream().map(Imported::source).toArray(UUID[]::new))
                .mapTo(UUID.class)
                .list();
    }

    private static void remember(Handle handle, List<Imported> rows) {
        if (rows.isEmpty()) {
            return;
        }
        handle.createUpdate(
                        """
                        insert into imported (client_id, source, account_id)
                        select a.client_id, t.source, a.id
                        from unnest(:ids::uuid[], :sources::uuid[]) t (id, source) join account a on a.id = t.id\
                        """)
                .bind("ids", rows.stream().map(it -> it.account().id()).toArray(UUID[]::new))
                .bind("sources", rows.stream().map(Imported::source).toArray(UUID[]::new))
                .execute();
    }

    private static void insertMarks(Handle handle, List<Imported> rows) {
        PreparedBatch batch =
                handle.prepareBatch(
                        """
                        update mailbox set version = version + 1, total = :total, top_uid = :topUid, uid_validity = :validity,
                            uid_next = :next, uid_gaps = :gaps, octets = :octets, first_uid = :firstUid,
                            approximate = :approximate, pending = :pending, client_max_id = :maxId, client_uid = :clientUid,
                            client_uid_validity = :clientValidity, last_checked_at = :checkedAt
                        where account_id = :account and name = :name\
                        """);
        for (Imported row : rows) {
            for (ImportedMailbox mailbox : row.mailboxes()) {
                bind(batch, mailbox).bind("account", row.account().id()).add();
            }
        }
        if (batch.size() > 0) {
            batch.execute();
        }
    }

    private static PreparedBatch bind(PreparedBatch batch, ImportedMailbox mailbox) {
        MailboxState state = mailbox.state();
        Mark mark = state.mark();
        ImapMark imap = mark instanceof ImapMark it ? it : null;
        Pop3Mark pop3 = mark instanceof Pop3Mark it ? it : null;
        Position client = state.client();
        Instant at = mailbox.lastCheckedAt();
        return batch.bind("name", mailbox.name())
                .bind("total", mark == null ? null : (Integer) mark.total())
                .bind("topUid", MailboxStore.topUid(mark))
                .bind("validity", imap == null ? null : (Long) imap.uidValidity())
                .bind("next", imap == null ? null : (Long) imap.uidNext())
                .bind("gaps", MailboxStore.gaps(imap))
                .bind("octets", pop3 == null ? null : (Long) pop3.octets())
                .bind("firstUid", pop3 == null ? null : pop3.firstUid())
                .bind(
                        "approximate",
                        pop3 != null && pop3.approximate() || imap != null && imap.approximate())
                .bind("pending", state.pending())
                .bind("maxId", client == null ? null : (Integer) client.maxId())
                .bind("clientUid", client == null ? null : client.uid())
                .bind("clientValidity", client == null ? null : client.uidValidity())
                .bind("checkedAt", at == null ? null : AccountRows.utc(at));
    }

    private static void insertKnown(Handle handle, List<Imported> rows) {
        PreparedBatch batch =
                handle.prepareBatch(
                        """
                        insert into known_messages (account_id, mailbox, chunk, entries)
                        select account_id, name, :chunk, :entries from mailbox where account_id = :account and name = :name\
                        """);
        for (Imported row : rows) {
            for (ImportedMailbox mailbox : row.mailboxes()) {
                for (int chunk = 0; chunk < mailbox.known().size(); chunk++) {
                    batch.bind("account", row.account().id())
                            .bind("name", mailbox.name())
                            .bind("chunk", chunk)
                            .bind("entries", mailbox.known().get(chunk))
                            .add();
                }
            }
        }
        if (batch.size() > 0) {
            batch.execute();
        }
    }
}
