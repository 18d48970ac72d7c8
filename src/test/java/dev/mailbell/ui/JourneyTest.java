package dev.mailbell.ui;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import dev.mailbell.config.reload.Reload;
import java.nio.file.Files;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;

/** What a person does with the pages, in a real browser. */
class JourneyTest {
    private static TestUi ui;
    private static Browser browser;

    @BeforeAll
    static void start() {
        ui = new TestUi();
        new Showcase(ui).fill();
        browser = Browser.start();
    }

    @AfterAll
    static void stop() {
        browser.close();
        ui.close();
    }

    @BeforeEach
    void wide() {
        browser.look(1400, false);
    }

    @Test
    void a_wrong_key_is_refused_and_the_right_one_opens_the_overview_until_the_sign_out() {
        browser.forgetCookies();
        browser.open(ui.url("/ui"));
        browser.type("#key", "mbk_wrong");
        browser.click("main button[type=submit]");
        assertThat(browser.find("#fault").getText()).contains("This key is not valid");
        browser.type("#key", TestApi.KEY);
        browser.click("main button[type=submit]");
        assertThat(browser.find("h1").getText()).isEqualTo("Overview");
        assertThat(browser.text())
                .contains("1,008 pushed", "17 accounts are parked", "A webhook fails")
                .contains("imap.gmail.com: the mail server does not answer in time (31 accounts)");
        browser.click(".who button");
        assertThat(browser.find("h1").getText()).isEqualTo("Sign in");
        browser.open(ui.url("/ui/overview"));
        assertThat(browser.find("h1").getText()).isEqualTo("Sign in");
    }

    @Test
    void everything_can_be_reached_by_the_keyboard() {
        browser.signIn(ui, TestApi.KEY);
        browser.open(ui.url("/ui/overview"));
        browser.find("body").sendKeys(Keys.TAB);
        assertThat(focused()).contains("Skip to the content");
        for (String expected : new String[] {"Mailbell", "Overview"}) {
            browser.driver().switchTo().activeElement().sendKeys(Keys.TAB);
            assertThat(focused()).contains(expected);
        }
        browser.driver().switchTo().activeElement().sendKeys(Keys.TAB);
        String next = focused();
        assertThat(next).isNotBlank();
        browser.driver().switchTo().activeElement().sendKeys(Keys.ENTER);
        browser.wait(() -> browser.find("h1").getText().equals(next));
    }

    private static String focused() {
        return browser.driver().switchTo().activeElement().getText();
    }

    @Test
    void the_overview_refreshes_itself_and_keeps_the_focus() {
        browser.signIn(ui, TestApi.KEY);
        browser.open(ui.url("/ui/overview"));
        String link = "main a[href^='/ui/accounts?state=retrying']";
        browser.script("document.querySelector(arguments[0]).focus()", link);
        ui.api.notReady.add("the test says so");
        try {
            browser.wait(() -> browser.text().contains("This node is not ready: the test says so"));
            assertThat(browser.script("return document.activeElement.matches(arguments[0])", link))
                    .isEqualTo(true);
        } finally {
            ui.api.notReady.clear();
        }
    }

    @Test
    void a_page_says_when_the_node_does_not_answer_and_goes_on_when_it_does() {
        browser.signIn(ui, TestApi.KEY);
        browser.open(ui.url("/ui/overview"));
        int port = ui.api.port();
        ui.api.stop();
        try {
            browser.wait(() -> browser.find("#connection").isDisplayed());
            assertThat(browser.find("#connection").getText())
                    .contains("This node does not answer. What you see is as of 20");
        } finally {
            ui.api.startAgain(port);
        }
        browser.wait(() -> !browser.find("#connection").isDisplayed());
        assertThat(browser.find("h1").getText()).isEqualTo("Overview");
    }

    @Test
    void a_page_that_is_open_leads_to_the_sign_in_once_the_key_is_revoked() {
        String client = ui.api.newClient();
        browser.signIn(ui, ui.keyOf(client, "read"));
        browser.open(ui.url("/ui/overview"));
        String keys = "/v1/clients/" + client + "/keys";
        String id = HttpCaller.json(ui.api.client().get(keys)).at("/items/0/id").stringValue();
        ui.api.client().delete(keys + "/" + id);
        browser.wait(() -> browser.find("h1").getText().equals("Sign in"));
        assertThat(browser.text()).contains("Your session has ended");
    }

    @Test
    void the_configuration_says_where_each_value_is_from_and_is_reloaded() throws Exception {
        browser.signIn(ui, TestApi.KEY);
        browser.driver().findElement(By.linkText("Configuration")).click();
        browser.wait(() -> browser.find("h1").getText().equals("Configuration"));
        assertThat(browser.text())
                .contains("MAILBELL_DATABASE_URL", "set, not shown")
                .contains("polling.loginsPerSecond 20 " + ui.file + ":6 at once")
                .doesNotContain("s3cret-of-database", "retention.events");
        ui.api.reload = () -> ui.configuration.reload(Reload.Trigger.REQUEST);
        String good = Files.readString(ui.file);
        Files.writeString(ui.file, good.replace("loginsPerSecond: 20", "loginsPerSecond: many"));
        browser.click("form[action='/ui/configuration/reload'] button");
        assertThat(browser.text())
                .contains("The file is refused: 1 fault.")
                .contains("mailbell.yaml:6: polling.loginsPerSecond: must be a whole number");
        Files.writeString(ui.file, good.replace("loginsPerSecond: 20", "loginsPerSecond: 30"));
        browser.click("form[action='/ui/configuration/reload'] button");
        assertThat(browser.text())
                .contains("In effect now: polling.loginsPerSecond.")
                .doesNotContain("The file is refused");
        browser.driver().findElement(By.partialLinkText("Show the defaults")).click();
        browser.wait(() -> browser.text().contains("retention.events"));
    }

    @Test
    void without_scripts_the_pages_work_too() {
        browser.signIn(ui, TestApi.KEY);
        browser.driver()
                .executeCdpCommand("Emulation.setScriptExecutionDisabled", Map.of("value", true));
        try {
            browser.open(ui.url("/ui/hosts?name=gmail"));
            assertThat(browser.text()).contains("imap.gmail.com").doesNotContain("imap.163.com");
        } finally {
            browser.driver()
                    .executeCdpCommand(
                            "Emulation.setScriptExecutionDisabled", Map.of("value", false));
        }
    }
}
