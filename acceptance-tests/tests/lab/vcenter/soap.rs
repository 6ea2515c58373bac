//! A client of the least kind: bodies go out as they are written, and answers are texts to look into.

use std::sync::Mutex;

use acceptance_tests::cluster::wait;
use acceptance_tests::vcenter::VCenter;
use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::{Client, RequestBuilder};

use super::LIMIT;

/// A method that needs a session and changes nothing.
pub(super) const CURRENT_TIME: &str =
    "<CurrentTime><_this type='ServiceInstance'>ServiceInstance</_this></CurrentTime>";

/// A client, and its session once it has logged in.
pub(super) struct Soap {
    http: Client,
    url: String,
    cookie: Mutex<String>,
}

/// What was answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) text: String,
}

/// What became of a task.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) fault: String,
    pub(super) result: String,
}

impl Soap {
    pub(super) fn new(vcenter: &VCenter) -> Self {
        Self {
            http: vcenter.http().clone(),
            url: format!("{}/sdk", vcenter.url()),
            cookie: Mutex::default(),
        }
    }

    pub(super) async fn login(vcenter: &VCenter) -> Self {
        let soap = Self::new(vcenter);
        soap.call(&login(vcenter.user(), vcenter.password())).await.done();
        soap
    }

    pub(super) fn request(&self, body: &str) -> RequestBuilder {
        let envelope = format!(
            "<?xml version='1.0'?><e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/' \
             xmlns:xsd='http://www.w3.org/2001/XMLSchema' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' \
             xmlns='urn:vim25'><e:Body>{body}</e:Body></e:Envelope>"
        );
        self.http
            .post(&self.url)
            .header("SOAPAction", "urn:vim25/8.0.3.0")
            .header(COOKIE, self.cookie.lock().unwrap().clone())
            .body(envelope)
    }

    pub(super) async fn call(&self, body: &str) -> Answer {
        let answer = self.request(body).send().await.unwrap();
        if let Some(cookie) = answer.headers().get(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap().split(';').next().unwrap();
            cookie.clone_into(&mut self.cookie.lock().unwrap());
        }
        Answer {
            status: answer.status().as_u16(),
            text: answer.text().await.unwrap(),
        }
    }

    /// The id of what is at an inventory path.
    pub(super) async fn find(&self, path: &str) -> String {
        let body = format!(
            "<FindByInventoryPath><_this type='SearchIndex'>SearchIndex</_this>\
             <inventoryPath>{path}</inventoryPath></FindByInventoryPath>"
        );
        self.call(&body).await.done().between("returnval")
    }

    /// A property as it comes.
    pub(super) async fn property(&self, class: &str, id: &str, path: &str) -> Answer {
        let body = format!(
            "<RetrievePropertiesEx><_this type='PropertyCollector'>propertyCollector</_this><specSet>\
             <propSet><type>{class}</type><pathSet>{path}</pathSet></propSet>\
             <objectSet><obj type='{class}'>{id}</obj></objectSet></specSet><options/></RetrievePropertiesEx>"
        );
        self.call(&body).await.done()
    }

    /// Calls a method on a machine, and waits until its task has ended.
    pub(super) async fn task(&self, method: &str, id: &str, arguments: &str) -> Task {
        let id = self.start_task(method, id, arguments).await;
        self.end_of(&id).await
    }

    /// Calls a method on a machine, and answers the id of its task.
    pub(super) async fn start_task(&self, method: &str, id: &str, arguments: &str) -> String {
        let body = format!("<{method}><_this type='VirtualMachine'>{id}</_this>{arguments}</{method}>");
        self.call(&body).await.done().between("returnval")
    }

    pub(super) async fn state_of(&self, task: &str) -> Answer {
        self.property("Task", task, "info").await
    }

    pub(super) async fn end_of(&self, task: &str) -> Task {
        let ended = wait::until("the task to end", LIMIT, async || {
            let info = self.state_of(task).await;
            match info.between("state").as_str() {
                "success" | "error" => Ok(info),
                _ => Err(info.text),
            }
        });
        let info = ended.await.unwrap();
        let fault = info.text.split("<fault ").nth(1).unwrap_or_default();
        Task {
            fault: fault.split('"').nth(1).unwrap_or_default().to_owned(),
            result: info.between("result"),
        }
    }

    /// Clones the template, with elements of the machine's configuration, and answers the id of the clone.
    pub(super) async fn clone_template(&self, name: &str, config: &str, is_on: bool) -> String {
        let arguments = self.clone_arguments(name, config, is_on).await;
        let template = self.find("DC0/vm/ubuntu").await;
        let task = self.task("CloneVM_Task", &template, &arguments).await;
        assert_eq!(task.fault, "");
        task.result
    }

    pub(super) async fn clone_arguments(&self, name: &str, config: &str, is_on: bool) -> String {
        let folder = self.find("DC0/vm").await;
        let datastore = self.find("DC0/datastore/LocalDS_1").await;
        let pool = self.find("DC0/host/DC0_C0/Resources").await;
        format!(
            "<folder type='Folder'>{folder}</folder><name>{name}</name><spec><location>\
             <datastore type='Datastore'>{datastore}</datastore><pool type='ResourcePool'>{pool}</pool></location>\
             <template>false</template><config>{config}</config><powerOn>{is_on}</powerOn></spec>"
        )
    }
}

impl Answer {
    /// The answer, which is no fault.
    pub(super) fn done(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.text);
        self
    }

    /// The class of the fault; empty if it is none.
    pub(super) fn fault(&self) -> String {
        let detail = self.text.split("<detail><").nth(1).unwrap_or_default();
        let name = detail.split([' ', '>']).next().unwrap_or_default();
        name.trim_end_matches("Fault").to_owned()
    }

    /// The text in the first element of this name.
    pub(super) fn between(&self, name: &str) -> String {
        let elements = self.text.split('<');
        let mut found = elements.filter(|element| element.split([' ', '>']).next() == Some(name));
        let text = found.next().and_then(|element| element.split('>').nth(1));
        text.unwrap_or_default().to_owned()
    }
}

pub(super) fn login(user: &str, password: &str) -> String {
    format!(
        "<Login><_this type='SessionManager'>SessionManager</_this><userName>{user}</userName>\
         <password>{password}</password></Login>"
    )
}

/// An element of the extra configuration.
pub(super) fn extra(key: &str, value: &str) -> String {
    format!("<extraConfig><key>{key}</key><value xsi:type='xsd:string'>{value}</value></extraConfig>")
}
