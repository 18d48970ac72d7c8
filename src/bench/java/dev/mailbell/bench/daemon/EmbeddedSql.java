package dev.mailbell.bench.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** A PostgreSQL that runs under a data directory, seen by its operator. */
public final class EmbeddedSql {
    private final Path dataDir;

    public EmbeddedSql(Path dataDir) {
        this.dataDir = dataDir;
    }

    /** The server's first process. */
    public ProcessHandle process() {
        long pid = Long.parseLong(line(dataDir.resolve("database/postmaster.pid")));
        return ProcessHandle.of(pid)
                .orElseThrow(() -> new BenchException("PostgreSQL is gone, process " + pid));
    }

    private static String line(Path file) {
        try (var lines = Files.lines(file)) {
            return lines.findFirst().orElseThrow().strip();
        } catch (IOException e) {
            throw new BenchException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    /** The first column of the first row, as text. */
    public String ask(String query) {
        try (Connection connection = connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            if (!row.next()) {
                throw new BenchException("no row for: " + query);
            }
            return row.getString(1);
        } catch (SQLException e) {
            throw new BenchException("PostgreSQL refused " + query + ": " + e.getMessage(), e);
        }
    }

    /** How many rows it changed. */
    public int change(String statement) {
        try (Connection connection = connect();
                Statement change = connection.createStatement()) {
            return change.executeUpdate(statement);
        } catch (SQLException e) {
            throw new BenchException("PostgreSQL refused " + statement + ": " + e.getMessage(), e);
        }
    }

    private Connection connect() throws SQLException {
        return DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:"
                        + line(dataDir.resolve("database.port"))
                        + "/mailbell",
                "mailbell",
                line(dataDir.resolve("database.password")));
    }
}
