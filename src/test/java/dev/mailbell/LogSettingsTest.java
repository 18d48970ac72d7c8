package dev.mailbell;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.core.joran.spi.JoranException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the shipped configuration of the log shows and what it leaves out. */
class LogSettingsTest {
    private static final String POOL = "com.zaxxer.hikari.pool.";

    private LoggerContext context;

    @BeforeEach
    void open() throws JoranException {
        context = ShippedLog.open();
    }

    @AfterEach
    void stop() {
        context.stop();
    }

    /** A logger of a class of the pool, which an upgrade of the library may rename. */
    private Logger ofPool(String name) throws ClassNotFoundException {
        return context.getLogger(Class.forName(POOL + name).getName());
    }

    @Test
    void the_pools_advice_to_change_maxLifetime_is_left_out_and_its_errors_are_not()
            throws ClassNotFoundException {
        for (String name : new String[] {"PoolBase", "ProxyConnection"}) {
            assertThat(ofPool(name).isWarnEnabled()).as(name).isFalse();
            assertThat(ofPool(name).isErrorEnabled()).as(name).isTrue();
        }
        assertThat(ofPool("HikariPool").getEffectiveLevel()).isEqualTo(Level.WARN);
    }
}
