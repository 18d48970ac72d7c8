package dev.mailbell.secret;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * A column of encrypted values, so that a rotation of the keys finds them. The table has no
 * partitions.
 *
 * @param boundTo what each value is bound to, with columns of its row in braces: {@code
 *     account/{id}/credential}
 */
public record EncryptedColumn(String table, String column, String boundTo) {
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{(\\w+)}");

    /** The hexadecimal id of a value's key, as {@link Keyring#keyIdOf} has it. */
    private static final String KEY_ID = "encode(substring(%s from 2 for 4), 'hex')";

    /** A value, and what it is bound to. */
    @SuppressWarnings("ArrayRecordComponent") // ciphertext, never compared
    record Value(String position, byte[] sealed, String boundTo) {}

    /** How many values of the column there are for each key id. */
    public Map<String, Long> counts(Jdbi jdbi) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                "select "
                                        + KEY_ID.formatted(column)
                                        + " as key, count(*) as number from "
                                        + table
                                        + " where "
                                        + column
                                        + " is not null group by 1")
                        .reduceRows(
                                new TreeMap<>(),
                                (counts, row) -> {
                                    counts.put(
                                            row.getColumn("key", String.class),
                                            row.getColumn("number", Long.class));
                                    return counts;
                                }));
    }

    /** The size of the table in blocks. */
    long blocks(Jdbi jdbi) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                "select pg_relation_size('"
                                        + table
                                        + "') / current_setting('block_size')::int")
                        .mapTo(Long.class)
                        .one());
    }

    /**
     * Locks the rows of some blocks whose value is of another key than the primary one. Rows that
     * another transaction has locked are left out.
     */
    List<Value> lockOutdated(Handle handle, String primary, long fromBlock, long toBlock) {
        return handle.createQuery(
                        "select ctid::text as position, "
                                + column
                                + " as sealed, "
                                + boundToSql()
                                + " as bound_to from "
                                + table
                                + " where ctid >= :from::tid and ctid < :to::tid and "
                                + KEY_ID.formatted(column)
                                + " <> :primary for no key update skip locked")
                .bind("from", "(" + fromBlock + ",0)")
                .bind("to", "(" + toBlock + ",0)")
                .bind("primary", primary)
                .map((row, context) ->
                        new Value(
                                row.getString("position"),
                                row.getBytes("sealed"),
                                row.getString("bound_to")))
                .list();
    }

    /**
     * Replaces a value in a row that this transaction has locked.
     *
     * @return false when the row has another value
     */
    boolean replace(Handle handle, Value value, byte[] sealed) {
        return handle.createUpdate(
                                "update "
                                        + table
                                        + " set "
                                        + column
                                        + " = :new where ctid = :position::tid and "
                                        + column
                                        + " = :old")
                        .bind("new", sealed)
                        .bind("position", value.position())
                        .bind("old", value.sealed())
                        .execute()
                == 1;
    }

    /** {@link #boundTo} as an SQL expression over the row. */
    private String boundToSql() {
        return "'" + PLACEHOLDER.matcher(boundTo).replaceAll("' || $1::text || '") + "'";
    }

    /** The table and the column, as a message names them. */
    @Override
    public String toString() {
        return table + "." + column;
    }
}
