package dev.mailbell.database;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * SQL with the values of its question marks, in order: a statement or a part of one. For the few
 * statements that run for every message, where binding by name costs more than the statement
 * itself.
 *
 * @param values objects that the driver accepts: UUID, String, numbers, booleans, {@link
 *     java.time.OffsetDateTime}, arrays of these. Nullable values go through {@link #text}, {@link
 *     #integer} or {@link #bigint}: with an untyped null the server would plan the statement anew
 *     whenever a null follows a value or a value a null
 */
public record Sql(String text, List<@Nullable Object> values) {
    /** Reads one row. */
    @FunctionalInterface
    public interface RowReader<T> {
        T read(ResultSet row) throws SQLException;
    }

    private enum Null {
        TEXT(Types.VARCHAR),
        INTEGER(Types.INTEGER),
        BIGINT(Types.BIGINT);

        private final int type;

        Null(int type) {
            this.type = type;
        }
    }

    public static Object text(@Nullable String value) {
        return value == null ? Null.TEXT : value;
    }

    public static Object integer(@Nullable Integer value) {
        return value == null ? Null.INTEGER : value;
    }

    public static Object bigint(@Nullable Long value) {
        return value == null ? Null.BIGINT : value;
    }

    /** One value of each row, as an array for {@code unnest}. */
    public static <R, T extends @Nullable Object> T[] column(
            List<R> rows, IntFunction<T[]> array, Function<R, T> value) {
        return rows.stream().map(value).toArray(array);
    }

    public static Sql of(String text, @Nullable Object... values) {
        return new Sql(text, List.of()).then("", values);
    }

    /** This SQL followed by another part. */
    public Sql then(String moreText, @Nullable Object... moreValues) {
        List<@Nullable Object> all = new ArrayList<>(values.size() + moreValues.length);
        all.addAll(values);
        Collections.addAll(all, moreValues);
        return new Sql(text + moreText, all);
    }

    /** This SQL followed by another part. */
    public Sql then(Sql more) {
        return then(more.text, more.values.toArray());
    }

    /**
     * Runs it within the connection's transaction.
     *
     * @return the number of rows that it changed
     * @throws DatabaseException when the server refuses it or is {@linkplain Database#isAway away}
     */
    public int update(Connection connection) {
        try (PreparedStatement statement = prepare(connection)) {
            return statement.executeUpdate();
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    /**
     * Runs it within the connection's transaction.
     *
     * @throws DatabaseException when the server refuses it or is {@linkplain Database#isAway away}
     */
    public <T> List<T> query(Connection connection, RowReader<T> reader) {
        try (PreparedStatement statement = prepare(connection);
                ResultSet rows = statement.executeQuery()) {
            List<T> read = new ArrayList<>();
            while (rows.next()) {
                read.add(reader.read(rows));
            }
            return read;
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    /**
     * The same on a connection of the pool, as a transaction of its own.
     *
     * @throws DatabaseException also when no connection is free in time
     */
    public int update(DataSource pool) {
        try (Connection connection = pool.getConnection()) {
            return update(connection);
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    /**
     * The same on a connection of the pool, as a transaction of its own.
     *
     * @throws DatabaseException also when no connection is free in time
     */
    public <T> List<T> query(DataSource pool, RowReader<T> reader) {
        try (Connection connection = pool.getConnection()) {
            return query(connection, reader);
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    private PreparedStatement prepare(Connection connection) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(text);
        for (int i = 0; i < values.size(); i++) {
            if (values.get(i) instanceof Null missing) {
                statement.setNull(i + 1, missing.type);
            } else {
                statement.setObject(i + 1, values.get(i));
            }
        }
        return statement;
    }

    /** The message has no values: PoolSettings switches off the details of server errors. */
    private static DatabaseException failed(SQLException e) {
        return new DatabaseException(String.valueOf(e.getMessage()), e);
    }
}
