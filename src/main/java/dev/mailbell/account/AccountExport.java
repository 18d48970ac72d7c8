package dev.mailbell.account;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;
import org.jspecify.annotations.Nullable;

/** Reads the accounts of a client with all that is known of their mailboxes. */
public final class AccountExport {
    private static final int MAX_ACCOUNTS = 500;

    /** Known messages in one page, unless one account has more. */
    private static final long MAX_BYTES = 4L * 1024 * 1024;

    private final Jdbi jdbi;

    public AccountExport(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /**
     * An account, all read in one snapshot.
     *
     * @param known the chunks of known messages as they are stored, in their order, by mailbox
     */
    public record Exported(
            Account account, List<Mailbox> mailboxes, Map<String, List<byte[]>> known) {}

    /**
     * The next accounts of a client, in the order of their ids; empty after the last.
     *
     * @param after accounts with higher ids; null for the first ones
     */
    public List<Exported> page(UUID clientId, @Nullable UUID after) {
        return jdbi.inTransaction(
                TransactionIsolationLevel.REPEATABLE_READ,
                handle -> {
                    UUID[] ids = ids(handle, clientId, after == null ? new UUID(0, 0) : after);
                    Map<UUID, List<Mailbox>> mailboxes = mailboxes(handle, ids);
                    Map<UUID, Map<String, List<byte[]>>> known = known(handle, ids);
                    return handle
                            .createQuery("select * from account where id = any (:ids) order by id")
                            .bind("ids", ids)
                            .map((row, context) -> AccountRows.read(row))
                            .stream()
                            .map(account ->
                                    new Exported(
                                            account,
                                            mailboxes.getOrDefault(account.id(), List.of()),
                                            known.getOrDefault(account.id(), Map.of())))
                            .toList();
                });
    }

    private record Size(UUID id, long bytes) {}

    /** As many as fit into the memory of a page, and at least one. */
    private static UUID[] ids(Handle handle, UUID clientId, UUID after) {
        List<Size> sizes =
                handle.createQuery(
                                """
                                select id, (select coalesce(sum(octet_length(entries)), 0) from known_messages k
                                    where k.account_id = a.id) as bytes
                                from account a where client_id = :client and id > :after order by id limit %d\
                                """
                                        .formatted(MAX_ACCOUNTS))
                        .bind("client", clientId)
                        .bind("after", after)
                        .map((row, context) ->
                                new Size(row.getObject("id", UUID.class), row.getLong("bytes")))
                        .list();
        List<UUID> ids = new ArrayList<>();
        long bytes = 0;
        for (Size size : sizes) {
            bytes += size.bytes();
            if (bytes > MAX_BYTES && !ids.isEmpty()) {
                break;
            }
            ids.add(size.id());
        }
        return ids.toArray(UUID[]::new);
    }

    private static Map<UUID, List<Mailbox>> mailboxes(Handle handle, UUID[] ids) {
        Map<UUID, List<Mailbox>> mailboxes = new HashMap<>();
        handle.createQuery(
                        """
                        select m.*, a.protocol from mailbox m join account a on a.id = m.account_id
                        where m.account_id = any (:ids) order by m.account_id, m.name\
                        """)
                .bind("ids", ids)
                .map((row, context) -> MailboxStore.read(row))
                .forEach(mailbox ->
                        mailboxes
                                .computeIfAbsent(mailbox.accountId(), id -> new ArrayList<>())
                                .add(mailbox));
        return mailboxes;
    }

    private static Map<UUID, Map<String, List<byte[]>>> known(Handle handle, UUID[] ids) {
        Map<UUID, Map<String, List<byte[]>>> known = new HashMap<>();
        handle.createQuery(
                        """
                        select account_id, mailbox, entries from known_messages where account_id = any (:ids)
                        order by account_id, mailbox, chunk\
                        """)
                .bind("ids", ids)
                .map((row, context) ->
                        known.computeIfAbsent(
                                        row.getObject("account_id", UUID.class),
                                        id -> new HashMap<>())
                                .computeIfAbsent(
                                        row.getString("mailbox"), name -> new ArrayList<>())
                                .add(row.getBytes("entries")))
                .list();
        return known;
    }
}
