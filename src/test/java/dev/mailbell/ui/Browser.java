package dev.mailbell.ui;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import org.jspecify.annotations.Nullable;
import org.openqa.selenium.By;
import org.openqa.selenium.JavascriptExecutor;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebDriverException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.openqa.selenium.support.ui.WebDriverWait;

/**
 * Debian's Chromium without a window. It reaches this machine alone. {@code CHROMIUM} and {@code
 * CHROMEDRIVER} name other programs.
 */
public final class Browser implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(120);
    private static final String AXE = resource("axe.min.js");

    private final ChromeDriver driver;

    private Browser(ChromeDriver driver) {
        this.driver = driver;
    }

    public static Browser start() {
        ChromeOptions options = new ChromeOptions();
        options.setBinary(program("CHROMIUM", "/usr/bin/chromium"));
        options.addArguments(
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
                "--hide-scrollbars",
                "--force-device-scale-factor=1",
                "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1");
        LoggingPreferences logging = new LoggingPreferences();
        logging.enable(LogType.BROWSER, Level.ALL);
        options.setCapability("goog:loggingPrefs", logging);
        ChromeDriverService service =
                new ChromeDriverService.Builder()
                        .usingDriverExecutable(
                                new File(program("CHROMEDRIVER", "/usr/bin/chromedriver")))
                        .usingAnyFreePort()
                        .withTimeout(PATIENCE)
                        .build();
        ChromeDriver driver = new ChromeDriver(service, options);
        // axe-core takes seconds for a page, and on a busy machine more than the usual 30 s.
        driver.manage().timeouts().scriptTimeout(PATIENCE);
        return new Browser(driver);
    }

    private static String program(String variable, String usual) {
        String path = Objects.requireNonNullElse(System.getenv(variable), usual);
        assertThat(Path.of(path))
                .as("bin/verify installs chromium and chromium-driver; or set %s", variable)
                .isExecutable();
        return path;
    }

    private static String resource(String name) {
        try (InputStream in = Browser.class.getClassLoader().getResourceAsStream(name)) {
            return new String(
                    Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public ChromeDriver driver() {
        return driver;
    }

    public void open(String url) {
        driver.get(url);
    }

    /** Signs in as a person does. */
    public void signIn(TestUi ui, String key) {
        forgetCookies();
        open(ui.url("/ui"));
        type("#key", key);
        click("main button[type=submit]");
        until("nav[aria-label=Main]");
    }

    public void forgetCookies() {
        driver.executeCdpCommand("Network.clearBrowserCookies", Map.of());
    }

    public WebElement find(String css) {
        return driver.findElement(By.cssSelector(css));
    }

    public List<WebElement> all(String css) {
        return driver.findElements(By.cssSelector(css));
    }

    public void type(String css, String text) {
        find(css).sendKeys(text);
    }

    /** Clicks, and waits until the page that follows is there. */
    public void click(String css) {
        WebElement before = find("html");
        find(css).click();
        wait(() -> isGone(before) && isLoaded());
    }

    private static boolean isGone(WebElement element) {
        try {
            element.isEnabled();
            return false;
        } catch (StaleElementReferenceException gone) {
            return true;
        }
    }

    private boolean isLoaded() {
        return "complete".equals(script("return document.readyState"));
    }

    /** Waits for an element. */
    public void until(String css) {
        wait(() -> !all(css).isEmpty());
    }

    public void wait(BooleanSupplier condition) {
        new WebDriverWait(driver, PATIENCE, Duration.ofMillis(50))
                .ignoring(WebDriverException.class)
                .until(any -> condition.getAsBoolean());
    }

    /** What a person reads. */
    public String text() {
        return find("body").getText();
    }

    public @Nullable Object script(String script, Object... arguments) {
        return ((JavascriptExecutor) driver).executeScript(script, arguments);
    }

    /** A window of this width, in a light or dark scheme. */
    public void look(int width, boolean dark) {
        driver.executeCdpCommand(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", 900, "deviceScaleFactor", 1, "mobile", false));
        driver.executeCdpCommand(
                "Emulation.setEmulatedMedia",
                Map.of(
                        "features",
                        List.of(
                                Map.of(
                                        "name",
                                        "prefers-color-scheme",
                                        "value",
                                        dark ? "dark" : "light"))));
    }

    /** The whole page as a PNG file. */
    public void screenshot(Path file) {
        Map<String, Object> image =
                driver.executeCdpCommand(
                        "Page.captureScreenshot",
                        Map.of("format", "png", "captureBeyondViewport", true));
        try {
            Files.createDirectories(file.getParent());
            Pictures.write(
                    Base64.getDecoder().decode((String) Objects.requireNonNull(image.get("data"))),
                    file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * What axe-core finds on the page that is serious or worse, as lines of text.
     *
     * @param colours by the rules about colours alone, because only colours have changed
     */
    @SuppressWarnings("unchecked")
    public List<String> seriousFindings(boolean colours) {
        if (Boolean.FALSE.equals(script("return 'axe' in window"))) {
            script(AXE);
        }
        return (List<String>)
                Objects.requireNonNull(
                        driver.executeAsyncScript(
                                """
                                const done = arguments[arguments.length - 1];
                                const options = {resultTypes: ['violations']};
                                if (arguments[0]) {
                                  options.runOnly = {type: 'tag', values: ['cat.color']};
                                }
                                axe.run(document, options).then(
                                  found => done(found.violations
                                    .filter(it => it.impact === 'serious' || it.impact === 'critical')
                                    .map(it => it.id + ': ' + it.help + ': '
                                      + it.nodes.map(node => node.target.join(' ') + ' ' + node.failureSummary).join('; '))),
                                  error => done(['axe failed: ' + error]));
                                """,
                                colours));
    }

    /** How many pixels the page is wider than its window. */
    public long overflow() {
        return ((Number)
                        Objects.requireNonNull(
                                script(
                                        "return document.documentElement.scrollWidth - window.innerWidth")))
                .longValue();
    }

    /** What the browser has complained about since the last call, such as refused scripts. */
    public List<String> complaints() {
        return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
                .map(entry -> entry.getLevel() + " " + entry.getMessage())
                .toList();
    }

    @Override
    public void close() {
        driver.quit();
    }
}
