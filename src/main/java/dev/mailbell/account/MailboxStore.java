package dev.mailbell.account;

import dev.mailbell.database.Sql;
import dev.mailbell.detection.ImapMark;
import dev.mailbell.detection.ImapState;
import dev.mailbell.detection.MailboxState;
import dev.mailbell.detection.Mark;
import dev.mailbell.detection.Pop3Mark;
import dev.mailbell.detection.Pop3State;
import dev.mailbell.detection.Position;
import dev.mailbell.detection.UidSet;
import dev.mailbell.detection.messages.KnownMessages;
import dev.mailbell.detection.messages.KnownMessages.Chunk;
import dev.mailbell.mail.Protocol;
import java.nio.ByteBuffer;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The tables of mailboxes: marks, clients' positions, and the messages known of POP3 maildrops. */
public final class MailboxStore {
    private static final Logger LOG = LoggerFactory.getLogger(MailboxStore.class);
    private static final String SELECT =
            """
            select m.*, a.protocol from mailbox m join account a on a.id = m.account_id where m.account_id = :account\
            """;

    private final Jdbi jdbi;

    public MailboxStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** An account's mailboxes, in the order of their names. */
    public List<Mailbox> list(UUID accountId) {
        return jdbi.withHandle(handle ->
                handle.createQuery(SELECT + " order by m.name")
                        .bind("account", accountId)
                        .map((row, context) -> read(row))
                        .list());
    }

    /**
     * The mailboxes of many accounts, by one statement. An account with a row that cannot be read
     * is not among them.
     */
    public Map<UUID, List<Mailbox>> list(List<UUID> accountIds) {
        Map<UUID, List<Mailbox>> mailboxes = new HashMap<>();
        Set<UUID> unreadable = new HashSet<>();
        jdbi.useHandle(handle ->
                handle.createQuery(
                                """
                                select m.*, a.protocol from mailbox m join account a on a.id = m.account_id
                                where m.account_id = any (:accounts)\
                                """)
                        .bind("accounts", accountIds.toArray(UUID[]::new))
                        .map((row, context) -> {
                            UUID id = row.getObject("account_id", UUID.class);
                            try {
                                mailboxes
                                        .computeIfAbsent(id, any -> new ArrayList<>())
                                        .add(read(row));
                            } catch (RuntimeException e) {
                                // The check of this account reads it again, and fails alone.
                                LOG.debug("A mailbox of account {} cannot be read", id, e);
                                unreadable.add(id);
                            }
                            return id;
                        })
                        .list());
        mailboxes.keySet().removeAll(unreadable);
        return mailboxes;
    }

    public Optional<Mailbox> find(UUID accountId, String name) {
        return jdbi.withHandle(handle ->
                handle.createQuery(SELECT + " and m.name = :name")
                        .bind("account", accountId)
                        .bind("name", name)
                        .map((row, context) -> read(row))
                        .findOne());
    }

    /** The messages known of a POP3 maildrop. */
    public KnownMessages known(UUID accountId, String name) {
        return KnownMessages.of(
                jdbi.withHandle(handle ->
                        handle.createQuery(
                                        """
                                        select chunk, entries from known_messages where account_id = :account and mailbox = :name
                                        order by chunk\
                                        """)
                                .bind("account", accountId)
                                .bind("name", name)
                                .map((row, context) ->
                                        unpack(row.getInt("chunk"), row.getBytes("entries")))
                                .list()));
    }

    /**
     * Compare-and-set of a mailbox's state: changes no row when the mailbox is no longer at {@code
     * version}, or no longer there. Ends in a condition, so that more can be asked.
     */
    public static Sql advance(
            UUID accountId, String name, long version, MailboxState state, Instant now) {
        Mark mark = state.mark();
        ImapMark imap = mark instanceof ImapMark it ? it : null;
        Pop3Mark pop3 = mark instanceof Pop3Mark it ? it : null;
        Position client = state.client();
        return Sql.of(
                """
                update mailbox set version = version + 1, total = ?, top_uid = ?, uid_validity = ?, uid_next = ?,
                    octets = ?, first_uid = ?, approximate = ?, pending = ?, client_max_id = ?, client_uid = ?,
                    client_uid_validity = ?, uid_gaps = ?, last_checked_at = ?
                where account_id = ? and name = ? and version = ?\
                """,
                Sql.integer(mark == null ? null : mark.total()),
                Sql.text(topUid(mark)),
                Sql.bigint(imap == null ? null : imap.uidValidity()),
                Sql.bigint(imap == null ? null : imap.uidNext()),
                Sql.bigint(pop3 == null ? null : pop3.octets()),
                Sql.text(pop3 == null ? null : pop3.firstUid()),
                pop3 != null && pop3.approximate() || imap != null && imap.approximate(),
                Sql.integer(state.pending()),
                Sql.integer(client == null ? null : client.maxId()),
                Sql.text(client == null ? null : client.uid()),
                Sql.bigint(client == null ? null : client.uidValidity()),
                Sql.text(gaps(imap)),
                AccountRows.utc(now),
                accountId,
                name,
                version);
    }

    static @Nullable String gaps(@Nullable ImapMark mark) {
        return mark == null || mark.gaps().isEmpty() ? null : mark.gaps().toString();
    }

    static @Nullable String topUid(@Nullable Mark mark) {
        if (mark instanceof ImapMark imap) {
            return imap.topUid() == 0 ? null : Long.toString(imap.topUid());
        }
        return mark == null ? null : mark.topUidText();
    }

    /** Writes the chunks that changed, within the caller's transaction. */
    public static void replaceKnown(
            Handle handle, UUID accountId, String name, KnownMessages before, KnownMessages after) {
        List<Chunk> chunks = after.chunks();
        int last = chunks.isEmpty() ? -1 : chunks.getLast().number();
        handle.createUpdate(
                        """
                        delete from known_messages where account_id = :account and mailbox = :name and chunk > :last\
                        """)
                .bind("account", accountId)
                .bind("name", name)
                .bind("last", last)
                .execute();
        var batch =
                handle.prepareBatch(
                        """
                        insert into known_messages (account_id, mailbox, chunk, entries)
                        values (:account, :name, :chunk, :entries)
                        on conflict (account_id, mailbox, chunk) do update set entries = excluded.entries\
                        """);
        for (Chunk chunk : after.changedSince(before)) {
            batch.bind("account", accountId)
                    .bind("name", name)
                    .bind("chunk", chunk.number())
                    .bind("entries", pack(chunk))
                    .add();
        }
        if (batch.size() > 0) {
            batch.execute();
        }
    }

    private static byte[] pack(Chunk chunk) {
        int length = chunk.entries().length;
        ByteBuffer buffer = ByteBuffer.allocate(length * (Long.BYTES + Integer.BYTES));
        for (int i = 0; i < length; i++) {
            buffer.putLong(chunk.entries()[i]).putInt(chunk.sizes()[i]);
        }
        return buffer.array();
    }

    private static Chunk unpack(int number, byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        long[] entries = new long[bytes.length / (Long.BYTES + Integer.BYTES)];
        int[] sizes = new int[entries.length];
        for (int i = 0; i < entries.length; i++) {
            entries[i] = buffer.getLong();
            sizes[i] = buffer.getInt();
        }
        return new Chunk(number, entries, sizes);
    }

    static Mailbox read(ResultSet row) throws SQLException {
        boolean imap = AccountRows.upper(row.getString("protocol")).equals(Protocol.IMAP.name());
        int clientMaxId = row.getInt("client_max_id");
        Position client =
                row.wasNull()
                        ? null
                        : new Position(
                                clientMaxId,
                                row.getString("client_uid"),
                                nullableLong(row, "client_uid_validity"));
        int pendingValue = row.getInt("pending");
        Integer pending = row.wasNull() ? null : (Integer) pendingValue;
        int total = row.getInt("total");
        boolean unseen = row.wasNull();
        OffsetDateTime at = row.getObject("last_checked_at", OffsetDateTime.class);
        MailboxState state =
                imap
                        ? new ImapState(unseen ? null : imapMark(row, total), client, pending)
                        : new Pop3State(unseen ? null : pop3Mark(row, total), client, pending);
        return new Mailbox(
                row.getObject("account_id", UUID.class),
                row.getString("name"),
                row.getLong("version"),
                state,
                at == null ? null : at.toInstant());
    }

    private static ImapMark imapMark(ResultSet row, int total) throws SQLException {
        String top = row.getString("top_uid");
        String gaps = row.getString("uid_gaps");
        return new ImapMark(
                row.getLong("uid_validity"),
                row.getLong("uid_next"),
                total,
                top == null ? 0 : Long.parseLong(top),
                gaps == null ? UidSet.empty() : UidSet.parse(gaps),
                row.getBoolean("approximate"));
    }

    private static Pop3Mark pop3Mark(ResultSet row, int total) throws SQLException {
        return new Pop3Mark(
                total,
                row.getLong("octets"),
                row.getString("first_uid"),
                row.getString("top_uid"),
                row.getBoolean("approximate"));
    }

    private static @Nullable Long nullableLong(ResultSet row, String column) throws SQLException {
        long value = row.getLong(column);
        return row.wasNull() ? null : (Long) value;
    }
}
