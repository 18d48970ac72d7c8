package dev.mailbell.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariConfig;
import java.io.PrintWriter;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The write probe at a server that is a stub. */
class OutageDetectorTest {
    private final OutageDetector outages = new OutageDetector();
    private final AtomicInteger writes = new AtomicInteger();
    private volatile Runnable duringFirstWrite = () -> {};
    private final PrimaryPool pool = pool();

    @AfterEach
    void close() {
        outages.close();
        pool.close();
    }

    private PrimaryPool pool() {
        HikariConfig config = new HikariConfig();
        config.setDataSource(new Stub());
        config.setMaximumPoolSize(1);
        config.setConnectionTimeout(250);
        config.setInitializationFailTimeout(-1);
        config.setExceptionOverride(outages);
        PrimaryPool made = new PrimaryPool(config, outages);
        outages.attach(made);
        return made;
    }

    private <T> T stub(Class<T> type, InvocationHandler handler) {
        return type.cast(
                Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }

    private static @Nullable Object nothing(Class<?> type) {
        return type == boolean.class ? (Object) false : type == int.class ? (Object) 0 : null;
    }

    private Connection connection() {
        Statement statement =
                stub(
                        Statement.class,
                        (self, method, arguments) -> {
                            if (method.getName().equals("execute")
                                    && arguments[0].toString().startsWith("insert")
                                    && writes.incrementAndGet() == 1) {
                                duringFirstWrite.run();
                            }
                            return nothing(method.getReturnType());
                        });
        return stub(
                Connection.class,
                (self, method, arguments) ->
                        switch (method.getName()) {
                            case "createStatement" -> statement;
                            case "isValid" -> true;
                            case "toString" -> "a stub";
                            default -> nothing(method.getReturnType());
                        });
    }

    private final class Stub implements DataSource {
        @Override
        public Connection getConnection() {
            return connection();
        }

        @Override
        public Connection getConnection(String user, String password) {
            return connection();
        }

        @Override
        public PrintWriter getLogWriter() {
            return new PrintWriter(System.err);
        }

        @Override
        public void setLogWriter(PrintWriter out) {}

        @Override
        public void setLoginTimeout(int seconds) {}

        @Override
        public int getLoginTimeout() {
            return 0;
        }

        @Override
        public Logger getParentLogger() {
            return Logger.getGlobal();
        }

        @Override
        public <T> T unwrap(Class<T> type) throws SQLException {
            throw new SQLException("no " + type);
        }

        @Override
        public boolean isWrapperFor(Class<?> type) {
            return false;
        }
    }

    @Test
    void an_outage_that_is_reported_while_another_ends_is_tested_for_too() {
        duringFirstWrite = () -> outages.report(Outage.DISK_FULL);
        outages.report(Outage.EXHAUSTED);
        await().until(() -> outages.current().isEmpty());
        assertThat(writes).hasValue(2);
    }

    @Test
    void a_wait_for_a_connection_that_another_thread_has_does_not_change_the_reason()
            throws Exception {
        try (Connection used = pool.getConnection()) {
            outages.report(Outage.READ_ONLY);
            await().during(Duration.ofSeconds(3))
                    .atMost(Duration.ofSeconds(30))
                    .untilAsserted(() -> assertThat(outages.current()).contains(Outage.READ_ONLY));
            assertThat(used.isValid(1)).isTrue();
        }
        await().until(() -> outages.current().isEmpty());
    }
}
