"""Calls every operation of OPERATIONS.md with boto3: `python3 boto3_operations.py http://127.0.0.1:4566`.

Each must succeed, and answer what botocore's service model can read. CloudWatch is asked by CBOR, JSON and Query. The endpoint
must be an empty `rootwatch serve`. Exit status 0 only when every operation of OPERATIONS.md was called.
"""

import contextlib
import io
import json
import pathlib
import re
import sys
import time
import zipfile

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

URL = sys.argv[1]
ACCOUNT = "111122223333"
REGION = "us-east-1"
called = set()


def client(service, **config):
    return boto3.client(
        service,
        endpoint_url=URL,
        region_name=REGION,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="any",
        config=Config(retries={"total_max_attempts": 1}, **config),
    )


def recorded(service, api):
    """The client, noting what is called by AWS's names."""
    names = api.meta.method_to_api_mapping

    class Recorded:
        def __getattr__(self, method):
            def call(**members):
                called.add((service, names[method]))
                answer = getattr(api, method)(**members)
                answer.pop("ResponseMetadata")
                return answer

            return call

    return Recorded()


@contextlib.contextmanager
def refused(code):
    """A call that AWS answers by this error."""
    try:
        yield
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
    else:
        raise AssertionError(f"expected the error {code}, found an answer")


def arn(service, resource):
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def policy(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def trust(service):
    return policy(Principal={"Service": service}, Action="sts:AssumeRole")


TAGS = [{"Key": "k", "Value": "v"}]


def sqs():
    api = recorded("sqs", client("sqs"))
    dead = api.create_queue(QueueName="dead")["QueueUrl"]
    url = api.create_queue(QueueName="q", tags={"a": "b"})["QueueUrl"]
    redrive = json.dumps({"deadLetterTargetArn": arn("sqs", "dead"), "maxReceiveCount": 1})
    api.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": redrive, "VisibilityTimeout": "0"})
    api.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    api.get_queue_url(QueueName="q")
    api.list_queues()
    api.list_dead_letter_source_queues(QueueUrl=dead)
    api.tag_queue(QueueUrl=url, Tags={"c": "d"})
    api.list_queue_tags(QueueUrl=url)
    api.untag_queue(QueueUrl=url, TagKeys=["c"])
    api.add_permission(QueueUrl=url, Label="l", AWSAccountIds=[ACCOUNT], Actions=["SendMessage"])
    api.remove_permission(QueueUrl=url, Label="l")
    api.send_message(QueueUrl=url, MessageBody="m", MessageAttributes={"a": {"DataType": "String", "StringValue": "s"}})
    api.send_message_batch(QueueUrl=url, Entries=[{"Id": n, "MessageBody": n} for n in "ab"])
    received = api.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=60)["Messages"]
    handles = [message["ReceiptHandle"] for message in received]
    assert len(handles) == 3
    api.change_message_visibility(QueueUrl=url, ReceiptHandle=handles[0], VisibilityTimeout=60)
    entries = [{"Id": "a", "ReceiptHandle": handles[1], "VisibilityTimeout": 0}]
    assert not api.change_message_visibility_batch(QueueUrl=url, Entries=entries).get("Failed")
    api.delete_message(QueueUrl=url, ReceiptHandle=handles[0])
    api.delete_message_batch(QueueUrl=url, Entries=[{"Id": "a", "ReceiptHandle": handles[2]}])
    # The one that is visible again was received once too often.
    assert "Messages" not in api.receive_message(QueueUrl=url)
    for _ in range(500):
        api.send_message(QueueUrl=dead, MessageBody="m")
    task = api.start_message_move_task(
        SourceArn=arn("sqs", "dead"), DestinationArn=arn("sqs", "q"), MaxNumberOfMessagesPerSecond=1
    )
    assert api.list_message_move_tasks(SourceArn=arn("sqs", "dead"))["Results"][0]["Status"] == "RUNNING"
    api.cancel_message_move_task(TaskHandle=task["TaskHandle"])
    api.purge_queue(QueueUrl=url)
    api.delete_queue(QueueUrl=url)


def sns():
    api = recorded("sns", client("sns"))
    queues = client("sqs")
    topic = api.create_topic(Name="t", Tags=TAGS)["TopicArn"]
    queue = queues.create_queue(QueueName="topics")["QueueUrl"]
    subscription = api.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn("sqs", "topics"), ReturnSubscriptionArn=True
    )["SubscriptionArn"]
    api.get_subscription_attributes(SubscriptionArn=subscription)
    api.set_subscription_attributes(
        SubscriptionArn=subscription, AttributeName="RawMessageDelivery", AttributeValue="true"
    )
    api.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="d")
    api.get_topic_attributes(TopicArn=topic)
    api.get_data_protection_policy(ResourceArn=topic)
    api.list_subscriptions()
    api.list_subscriptions_by_topic(TopicArn=topic)
    api.list_topics()
    api.tag_resource(ResourceArn=topic, Tags=TAGS)
    api.list_tags_for_resource(ResourceArn=topic)
    api.untag_resource(ResourceArn=topic, TagKeys=["k"])
    api.add_permission(TopicArn=topic, Label="l", AWSAccountId=[ACCOUNT], ActionName=["Publish"])
    api.remove_permission(TopicArn=topic, Label="l")
    api.publish(TopicArn=topic, Message="m", Subject="s")
    api.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[{"Id": "1", "Message": "m"}])
    # A queue of another account is asked to confirm.
    other = boto3.client(
        "sns", endpoint_url=URL, region_name=REGION, aws_access_key_id="999988887777", aws_secret_access_key="any"
    )
    admits = policy(Principal="*", Action="sqs:SendMessage", Resource=arn("sqs", "topics"))
    queues.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": admits})
    theirs = other.create_topic(Name="t")["TopicArn"]
    other.subscribe(TopicArn=theirs, Protocol="sqs", Endpoint=arn("sqs", "topics"))
    asked = json.loads(queues.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"][0]["Body"])
    api.confirm_subscription(TopicArn=theirs, Token=asked["Token"])
    api.unsubscribe(SubscriptionArn=subscription)
    api.delete_topic(TopicArn=topic)


def events():
    api = recorded("events", client("events"))
    bus = api.create_event_bus(Name="b")["EventBusArn"]
    api.update_event_bus(Name="b", Description="d")
    api.describe_event_bus(Name="b")
    api.list_event_buses()
    api.put_permission(
        EventBusName="b", Action="events:PutEvents", Principal="999988887777", StatementId="s"
    )
    api.remove_permission(EventBusName="b", StatementId="s")
    rule = api.put_rule(Name="r", EventPattern='{"source": ["s"]}')["RuleArn"]
    api.describe_rule(Name="r")
    api.disable_rule(Name="r")
    api.enable_rule(Name="r")
    api.list_rules()
    assert not api.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": arn("sqs", "events")}])["FailedEntryCount"]
    api.list_targets_by_rule(Rule="r")
    api.list_rule_names_by_target(TargetArn=arn("sqs", "events"))
    api.tag_resource(ResourceARN=rule, Tags=TAGS)
    api.list_tags_for_resource(ResourceARN=rule)
    api.untag_resource(ResourceARN=rule, TagKeys=["k"])
    entry = {"Source": "s", "DetailType": "d", "Detail": "{}", "EventBusName": bus}
    assert not api.put_events(Entries=[entry])["FailedEntryCount"]
    event = {"id": "i", "detail-type": "d", "source": "s", "account": ACCOUNT, "time": "2026-01-01T00:00:00Z",
             "region": REGION, "resources": [], "detail": {}}
    assert api.test_event_pattern(EventPattern='{"source": ["s"]}', Event=json.dumps(event))["Result"]
    api.remove_targets(Rule="r", Ids=["t"])
    api.delete_rule(Name="r")
    api.delete_event_bus(Name="b")


def iam():
    api = recorded("iam", client("iam"))
    api.create_role(RoleName="r", AssumeRolePolicyDocument=policy(Principal={"AWS": ACCOUNT}, Action="sts:AssumeRole"))
    api.get_role(RoleName="r")
    api.list_roles()
    api.update_role(RoleName="r", Description="d")
    api.update_assume_role_policy(
        RoleName="r", PolicyDocument=policy(Principal={"AWS": ACCOUNT}, Action="sts:AssumeRole")
    )
    document = policy(Action="sqs:*", Resource="*")
    api.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=document)
    api.get_role_policy(RoleName="r", PolicyName="p")
    api.list_role_policies(RoleName="r")
    managed = api.create_policy(PolicyName="m", PolicyDocument=document)["Policy"]["Arn"]
    api.get_policy(PolicyArn=managed)
    api.get_policy_version(PolicyArn=managed, VersionId="v1")
    version = api.create_policy_version(PolicyArn=managed, PolicyDocument=document)["PolicyVersion"]["VersionId"]
    api.set_default_policy_version(PolicyArn=managed, VersionId=version)
    with refused("DeleteConflict"):
        api.delete_policy(PolicyArn=managed)
    assert [one["VersionId"] for one in api.list_policy_versions(PolicyArn=managed)["Versions"]] == ["v2", "v1"]
    api.delete_policy_version(PolicyArn=managed, VersionId="v1")
    api.tag_policy(PolicyArn=managed, Tags=TAGS)
    assert api.list_policy_tags(PolicyArn=managed)["Tags"] == TAGS
    api.untag_policy(PolicyArn=managed, TagKeys=["k"])
    assert [one["Arn"] for one in api.list_policies(Scope="Local")["Policies"]] == [managed]
    api.attach_role_policy(RoleName="r", PolicyArn=managed)
    assert api.list_entities_for_policy(PolicyArn=managed)["PolicyRoles"][0]["RoleName"] == "r"
    api.update_role_description(RoleName="r", Description="other")
    assert api.list_virtual_mfa_devices()["VirtualMFADevices"] == []
    api.list_attached_role_policies(RoleName="r")
    api.tag_role(RoleName="r", Tags=TAGS)
    api.list_role_tags(RoleName="r")
    api.untag_role(RoleName="r", TagKeys=["k"])
    api.list_instance_profiles_for_role(RoleName="r")
    api.get_context_keys_for_custom_policy(PolicyInputList=[document])
    principal = f"arn:aws:iam::{ACCOUNT}:role/r"
    api.get_context_keys_for_principal_policy(PolicySourceArn=principal)
    simulated = api.simulate_custom_policy(PolicyInputList=[document], ActionNames=["sqs:SendMessage"])
    assert simulated["EvaluationResults"][0]["EvalDecision"] == "allowed"
    simulated = api.simulate_principal_policy(PolicySourceArn=principal, ActionNames=["sqs:SendMessage"])
    assert simulated["EvaluationResults"][0]["EvalDecision"] == "allowed"
    api.put_role_permissions_boundary(RoleName="r", PermissionsBoundary=managed)
    api.delete_role_permissions_boundary(RoleName="r")
    security = recorded("sts", client("sts"))
    security.get_caller_identity()
    security.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/r", RoleSessionName="session")
    api.detach_role_policy(RoleName="r", PolicyArn=managed)
    api.delete_role_policy(RoleName="r", PolicyName="p")
    api.delete_policy(PolicyArn=managed)
    api.delete_role(RoleName="r")


def users():
    api = recorded("iam", client("iam"))
    api.create_user(UserName="u", Path="/team/")
    assert api.get_user(UserName="u")["User"]["UserId"].startswith("AIDA")
    assert [one["UserName"] for one in api.list_users(PathPrefix="/team/")["Users"]] == ["u"]
    assert api.list_groups_for_user(UserName="u")["Groups"] == []
    key = api.create_access_key(UserName="u")["AccessKey"]
    assert [one["Status"] for one in api.list_access_keys(UserName="u")["AccessKeyMetadata"]] == ["Active"]
    session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=REGION)
    identity = session.client("sts", endpoint_url=URL).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/team/u", identity
    queues = session.client("sqs", endpoint_url=URL)
    with refused("AccessDenied"):
        queues.list_queues()
    document = policy(Action="sqs:*", Resource="*")
    api.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=document)
    queues.list_queues()
    api.get_user_policy(UserName="u", PolicyName="p")
    api.list_user_policies(UserName="u")
    api.delete_user_policy(UserName="u", PolicyName="p")
    managed = api.create_policy(PolicyName="m", PolicyDocument=document)["Policy"]["Arn"]
    api.attach_user_policy(UserName="u", PolicyArn=managed)
    api.list_attached_user_policies(UserName="u")
    api.put_user_permissions_boundary(UserName="u", PermissionsBoundary=managed)
    api.delete_user_permissions_boundary(UserName="u")
    api.detach_user_policy(UserName="u", PolicyArn=managed)
    api.delete_policy(PolicyArn=managed)
    assert api.list_mfa_devices(UserName="u")["MFADevices"] == []
    assert api.list_ssh_public_keys(UserName="u")["SSHPublicKeys"] == []
    assert api.list_signing_certificates(UserName="u")["Certificates"] == []
    assert api.list_service_specific_credentials(UserName="u")["ServiceSpecificCredentials"] == []
    with refused("NoSuchEntity"):
        api.get_login_profile(UserName="u")
    with refused("NoSuchEntity"):
        api.delete_login_profile(UserName="u")
    api.update_user(UserName="u", NewUserName="v", NewPath="/other/")
    assert api.list_access_keys(UserName="v")["AccessKeyMetadata"][0]["UserName"] == "v"
    api.update_user(UserName="v", NewUserName="u", NewPath="/team/")
    api.tag_user(UserName="u", Tags=TAGS)
    assert api.list_user_tags(UserName="u")["Tags"] == TAGS
    api.untag_user(UserName="u", TagKeys=["k"])
    api.update_access_key(UserName="u", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    with refused("InvalidClientTokenId"):
        queues.list_queues()
    api.delete_access_key(UserName="u", AccessKeyId=key["AccessKeyId"])
    api.delete_user(UserName="u")


def account():
    api = recorded("account", client("account"))
    api.disable_region(RegionName="af-south-1")
    assert api.get_region_opt_status(RegionName="af-south-1")["RegionOptStatus"] == "DISABLED"
    elsewhere = boto3.client(
        "sts", endpoint_url=URL, region_name="af-south-1", aws_access_key_id=ACCOUNT, aws_secret_access_key="any"
    )
    try:
        elsewhere.get_caller_identity()
        raise AssertionError("a Region that is disabled answers")
    except elsewhere.exceptions.ClientError as refused:
        assert refused.response["Error"]["Code"] == "InvalidClientTokenId", refused
    api.enable_region(RegionName="af-south-1")
    elsewhere.get_caller_identity()
    api.list_regions()


def organizations():
    api = recorded("organizations", client("organizations"))
    api.create_organization()
    api.describe_organization()
    made = api.create_account(Email="a@example.com", AccountName="a")["CreateAccountStatus"]
    status = api.describe_create_account_status(CreateAccountRequestId=made["Id"])["CreateAccountStatus"]
    member = status["AccountId"]
    api.describe_account(AccountId=member)
    api.list_accounts()
    service = "cloudtrail.amazonaws.com"
    api.register_delegated_administrator(AccountId=member, ServicePrincipal=service)
    api.list_delegated_administrators()
    api.list_delegated_services_for_account(AccountId=member)
    api.deregister_delegated_administrator(AccountId=member, ServicePrincipal=service)
    root = api.list_roots()["Roots"][0]["Id"]
    unit = api.create_organizational_unit(ParentId=root, Name="u")["OrganizationalUnit"]["Id"]
    api.describe_organizational_unit(OrganizationalUnitId=unit)
    api.update_organizational_unit(OrganizationalUnitId=unit, Name="v")
    api.list_organizational_units_for_parent(ParentId=root)
    api.move_account(AccountId=member, SourceParentId=root, DestinationParentId=unit)
    api.list_parents(ChildId=member)
    api.list_children(ParentId=unit, ChildType="ACCOUNT")
    api.list_accounts_for_parent(ParentId=unit)
    api.move_account(AccountId=member, SourceParentId=unit, DestinationParentId=root)
    kind = "SERVICE_CONTROL_POLICY"
    api.enable_policy_type(RootId=root, PolicyType=kind)
    content = policy(Effect="Deny", Action="sqs:*", Resource="*")
    made = api.create_policy(Name="p", Description="d", Type=kind, Content=content)
    scp = made["Policy"]["PolicySummary"]["Id"]
    api.describe_policy(PolicyId=scp)
    api.update_policy(PolicyId=scp, Description="e")
    api.list_policies(Filter=kind)
    api.attach_policy(PolicyId=scp, TargetId=unit)
    api.list_policies_for_target(TargetId=unit, Filter=kind)
    api.list_targets_for_policy(PolicyId=scp)
    api.detach_policy(PolicyId=scp, TargetId=unit)
    api.tag_resource(ResourceId=scp, Tags=[{"Key": "k", "Value": "v"}])
    api.list_tags_for_resource(ResourceId=scp)
    api.untag_resource(ResourceId=scp, TagKeys=["k"])
    api.delete_policy(PolicyId=scp)
    api.disable_policy_type(RootId=root, PolicyType=kind)
    api.delete_organizational_unit(OrganizationalUnitId=unit)
    api.close_account(AccountId=member)


def logs():
    api = recorded("logs", client("logs"))
    group, group_arn = "g", arn("logs", "log-group:g")
    api.create_log_group(logGroupName=group)
    api.describe_log_groups()
    api.list_log_groups()
    api.create_log_stream(logGroupName=group, logStreamName="s")
    api.describe_log_streams(logGroupName=group)
    api.put_retention_policy(logGroupName=group, retentionInDays=7)
    api.delete_retention_policy(logGroupName=group)
    api.associate_kms_key(logGroupName=group, kmsKeyId="arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab")
    api.disassociate_kms_key(logGroupName=group)
    event = {"timestamp": int(time.time() * 1000), "message": "hello"}
    api.put_log_events(logGroupName=group, logStreamName="s", logEvents=[event])
    api.get_log_events(logGroupName=group, logStreamName="s")
    api.filter_log_events(logGroupName=group)
    metric = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}
    api.put_metric_filter(logGroupName=group, filterName="f", filterPattern="x", metricTransformations=[metric])
    api.describe_metric_filters(logGroupName=group)
    api.test_metric_filter(filterPattern="x", logEventMessages=["x"])
    api.delete_metric_filter(logGroupName=group, filterName="f")
    query = api.put_query_definition(name="q", queryString="fields @message")["queryDefinitionId"]
    api.describe_query_definitions()
    api.delete_query_definition(queryDefinitionId=query)
    document = policy(Principal={"Service": "events.amazonaws.com"}, Action="logs:PutLogEvents", Resource="*")
    api.put_resource_policy(policyName="p", policyDocument=document)
    api.describe_resource_policies()
    api.delete_resource_policy(policyName="p")
    api.tag_resource(resourceArn=group_arn, tags={"a": "b"})
    api.list_tags_for_resource(resourceArn=group_arn)
    api.untag_resource(resourceArn=group_arn, tagKeys=["a"])
    api.tag_log_group(logGroupName=group, tags={"a": "b"})
    api.list_tags_log_group(logGroupName=group)
    api.untag_log_group(logGroupName=group, tags=["a"])
    client("lambda").add_permission(
        FunctionName="f", StatementId="logs", Action="lambda:InvokeFunction", Principal="logs.amazonaws.com"
    )
    api.put_subscription_filter(
        logGroupName=group, filterName="f", filterPattern="", destinationArn=arn("lambda", "function:f")
    )
    api.describe_subscription_filters(logGroupName=group)
    api.delete_subscription_filter(logGroupName=group, filterName="f")
    api.delete_log_stream(logGroupName=group, logStreamName="s")
    api.delete_log_group(logGroupName=group)


def cloudwatch():
    for protocol in (None, "smithy-rpc-v2-cbor", "json", "query"):
        api = with_protocol(protocol) if protocol else client("cloudwatch")
        api = recorded("cloudwatch", api)
        api.put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 1.5}])
        api.list_metrics(Namespace="n")
        alarm = {"MetricName": "m", "Namespace": "n", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
                 "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold"}
        api.put_metric_alarm(AlarmName="a", **alarm)
        api.describe_alarms()
        api.describe_alarms_for_metric(MetricName="m", Namespace="n")
        api.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="r")
        api.describe_alarm_history(AlarmName="a")
        api.disable_alarm_actions(AlarmNames=["a"])
        api.enable_alarm_actions(AlarmNames=["a"])
        name = arn("cloudwatch", "alarm:a")
        api.tag_resource(ResourceARN=name, Tags=TAGS)
        api.list_tags_for_resource(ResourceARN=name)
        api.untag_resource(ResourceARN=name, TagKeys=["k"])
        now = time.time()
        window = {"StartTime": now - 600, "EndTime": now + 600}
        api.get_metric_statistics(Namespace="n", MetricName="m", Period=60, Statistics=["Sum"], **window)
        stat = {"Metric": {"Namespace": "n", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}
        api.get_metric_data(MetricDataQueries=[{"Id": "q", "MetricStat": stat}], **window)
        api.delete_alarms(AlarmNames=["a"])


def with_protocol(protocol):
    """A client of CloudWatch that prefers one protocol."""
    session = boto3.Session()
    loader = session._session.get_component("data_loader")
    original = loader.load_service_model

    def load(service, kind, *rest, **more):
        model = original(service, kind, *rest, **more)
        if service == "cloudwatch" and kind == "service-2":
            model = json.loads(json.dumps(model))
            model["metadata"]["protocols"] = [protocol]
            model["metadata"]["protocol"] = protocol
        return model

    loader.load_service_model = load
    return session.client(
        "cloudwatch", endpoint_url=URL, region_name=REGION, aws_access_key_id=ACCOUNT, aws_secret_access_key="any"
    )


def s3():
    api = recorded("s3", client("s3"))
    bucket = "trail"
    api.create_bucket(Bucket=bucket)
    api.head_bucket(Bucket=bucket)
    assert [one["Name"] for one in api.list_buckets()["Buckets"]] == [bucket]
    api.get_bucket_accelerate_configuration(Bucket=bucket)
    api.get_bucket_acl(Bucket=bucket)
    api.get_bucket_encryption(Bucket=bucket)
    api.get_bucket_location(Bucket=bucket)
    api.get_bucket_logging(Bucket=bucket)
    api.get_bucket_ownership_controls(Bucket=bucket)
    api.get_bucket_request_payment(Bucket=bucket)
    api.get_bucket_versioning(Bucket=bucket)
    api.get_public_access_block(Bucket=bucket)
    with refused("NoSuchCORSConfiguration"):
        api.get_bucket_cors(Bucket=bucket)
    with refused("NoSuchLifecycleConfiguration"):
        api.get_bucket_lifecycle_configuration(Bucket=bucket)
    with refused("ReplicationConfigurationNotFoundError"):
        api.get_bucket_replication(Bucket=bucket)
    with refused("NoSuchWebsiteConfiguration"):
        api.get_bucket_website(Bucket=bucket)
    with refused("ObjectLockConfigurationNotFoundError"):
        api.get_object_lock_configuration(Bucket=bucket)
    api.put_bucket_policy(
        Bucket=bucket,
        Policy=policy(Principal="*", Action="s3:GetObject", Resource=f"arn:aws:s3:::{bucket}/*"),
    )
    assert "s3:GetObject" in api.get_bucket_policy(Bucket=bucket)["Policy"]
    api.delete_bucket_policy(Bucket=bucket)
    encryption = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}
    api.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=encryption)
    found = api.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert found[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    api.delete_bucket_encryption(Bucket=bucket)
    rules = [{"ID": name, "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 9}} for name in "ab"]
    api.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    assert [one["ID"] for one in api.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]] == ["a", "b"]
    api.delete_bucket_lifecycle(Bucket=bucket)
    api.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    )
    api.delete_bucket_ownership_controls(Bucket=bucket)
    api.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    assert api.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    api.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": TAGS})
    assert api.get_bucket_tagging(Bucket=bucket)["TagSet"] == TAGS
    api.delete_bucket_tagging(Bucket=bucket)
    api.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    api.delete_public_access_block(Bucket=bucket)
    api.delete_bucket(Bucket=bucket)


def secretsmanager():
    api = recorded("secretsmanager", client("secretsmanager"))
    secret = api.create_secret(Name="s", SecretString="one")["ARN"]
    api.describe_secret(SecretId=secret)
    api.get_secret_value(SecretId=secret)
    version = api.put_secret_value(SecretId=secret, SecretString="two")["VersionId"]
    versions = api.list_secret_version_ids(SecretId=secret)["Versions"]
    first = next(one["VersionId"] for one in versions if one["VersionId"] != version)
    api.update_secret_version_stage(
        SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=first, RemoveFromVersionId=version
    )
    api.update_secret(SecretId=secret, Description="d")
    api.list_secrets()
    api.get_random_password()
    document = policy(
        Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, Action="secretsmanager:GetSecretValue", Resource="*"
    )
    api.validate_resource_policy(ResourcePolicy=document)
    api.put_resource_policy(SecretId=secret, ResourcePolicy=document)
    api.get_resource_policy(SecretId=secret)
    api.delete_resource_policy(SecretId=secret)
    api.tag_resource(SecretId=secret, Tags=TAGS)
    api.untag_resource(SecretId=secret, TagKeys=["k"])
    api.delete_secret(SecretId=secret)
    api.restore_secret(SecretId=secret)


def cloudtrail():
    api = recorded("cloudtrail", client("cloudtrail"))
    trail = api.create_trail(Name="trail", S3BucketName="bucket")["TrailARN"]
    api.start_logging(Name="trail")
    api.get_trail_status(Name="trail")
    api.get_trail(Name="trail")
    api.describe_trails()
    api.update_trail(Name="trail", IsMultiRegionTrail=True)
    api.put_event_selectors(TrailName="trail", EventSelectors=[{"ReadWriteType": "All"}])
    api.get_event_selectors(TrailName="trail")
    with refused("InsightNotEnabledException"):
        api.get_insight_selectors(TrailName="trail")
    api.put_insight_selectors(TrailName="trail", InsightSelectors=[{"InsightType": "ApiCallRateInsight"}])
    assert len(api.get_insight_selectors(TrailName="trail")["InsightSelectors"]) == 1
    api.add_tags(ResourceId=trail, TagsList=TAGS)
    api.list_tags(ResourceIdList=[trail])
    api.remove_tags(ResourceId=trail, TagsList=TAGS)
    api.lookup_events()
    api.stop_logging(Name="trail")
    api.delete_trail(Name="trail")


def dynamodb():
    api = recorded("dynamodb", client("dynamodb"))
    table = api.create_table(
        TableName="table",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )["TableDescription"]["TableArn"]
    api.describe_table(TableName="table")
    api.list_tables()
    key = {"k": {"S": "a"}}
    api.put_item(TableName="table", Item={**key, "n": {"N": "1"}})
    api.get_item(TableName="table", Key=key)
    api.update_item(
        TableName="table", Key=key, UpdateExpression="SET n = n + :one", ExpressionAttributeValues={":one": {"N": "1"}}
    )
    found = api.query(TableName="table", KeyConditionExpression="k = :k", ExpressionAttributeValues={":k": {"S": "a"}})
    assert found["Items"][0]["n"] == {"N": "2"}
    api.scan(TableName="table")
    api.delete_item(TableName="table", Key=key)
    api.update_table(TableName="table", DeletionProtectionEnabled=False)
    api.update_time_to_live(TableName="table", TimeToLiveSpecification={"Enabled": True, "AttributeName": "e"})
    api.describe_time_to_live(TableName="table")
    api.update_continuous_backups(
        TableName="table", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    api.describe_continuous_backups(TableName="table")
    api.tag_resource(ResourceArn=table, Tags=TAGS)
    api.list_tags_of_resource(ResourceArn=table)
    api.untag_resource(ResourceArn=table, TagKeys=["k"])
    api.delete_table(TableName="table")


def functions():
    api = recorded("lambda", client("lambda"))
    client("iam").create_role(RoleName="f", AssumeRolePolicyDocument=trust("lambda.amazonaws.com"))
    role = f"arn:aws:iam::{ACCOUNT}:role/f"
    client("iam").put_role_policy(
        RoleName="f", PolicyName="p", PolicyDocument=policy(Action=["sqs:*", "logs:*"], Resource="*")
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, "#!/bin/sh\nexit 1\n")
    package = packed.getvalue()
    function = api.create_function(
        FunctionName="f", Runtime="provided.al2023", Handler="bootstrap", Role=role, Code={"ZipFile": package}
    )["FunctionArn"]
    api.get_function(FunctionName="f")
    api.get_function_configuration(FunctionName="f")
    api.get_function_code_signing_config(FunctionName="f")
    api.get_runtime_management_config(FunctionName="f")
    api.list_functions()
    api.update_function_configuration(FunctionName="f", Timeout=5)
    api.update_function_code(FunctionName="f", ZipFile=package)
    api.publish_version(FunctionName="f")
    api.list_versions_by_function(FunctionName="f")
    api.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=1)
    api.get_function_concurrency(FunctionName="f")
    api.delete_function_concurrency(FunctionName="f")
    api.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=1)
    api.update_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=0)
    api.get_function_event_invoke_config(FunctionName="f")
    api.delete_function_event_invoke_config(FunctionName="f")
    api.add_permission(FunctionName="f", StatementId="s", Action="lambda:InvokeFunction", Principal=ACCOUNT)
    api.get_policy(FunctionName="f")
    api.remove_permission(FunctionName="f", StatementId="s")
    api.tag_resource(Resource=function, Tags={"a": "b"})
    api.list_tags(Resource=function)
    api.untag_resource(Resource=function, TagKeys=["a"])
    assert api.invoke(FunctionName="f", InvocationType="DryRun")["StatusCode"] == 204
    client("sqs").create_queue(QueueName="functions", Attributes={"VisibilityTimeout": "60"})
    mapping = api.create_event_source_mapping(FunctionName="f", EventSourceArn=arn("sqs", "functions"))["UUID"]
    api.get_event_source_mapping(UUID=mapping)
    api.list_event_source_mappings()
    api.update_event_source_mapping(UUID=mapping, Enabled=False)
    api.delete_event_source_mapping(UUID=mapping)


def delete_function():
    recorded("lambda", client("lambda")).delete_function(FunctionName="f")


def kms():
    api = recorded("kms", client("kms"))
    key = api.create_key()["KeyMetadata"]["KeyId"]
    other = api.create_key()["KeyMetadata"]["KeyId"]
    api.describe_key(KeyId=key)
    api.list_keys()
    api.create_alias(AliasName="alias/a", TargetKeyId=key)
    api.update_alias(AliasName="alias/a", TargetKeyId=other)
    api.list_aliases()
    api.delete_alias(AliasName="alias/a")
    api.update_key_description(KeyId=key, Description="d")
    document = api.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    api.put_key_policy(KeyId=key, PolicyName="default", Policy=document)
    api.list_key_policies(KeyId=key)
    sealed = api.encrypt(KeyId=key, Plaintext=b"p")["CiphertextBlob"]
    assert api.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"p"
    api.re_encrypt(CiphertextBlob=sealed, DestinationKeyId=other)
    api.generate_data_key(KeyId=key, KeySpec="AES_256")
    api.generate_data_key_without_plaintext(KeyId=key, KeySpec="AES_256")
    api.generate_random(NumberOfBytes=8)
    tags = [{"TagKey": "k", "TagValue": "v"}]
    api.tag_resource(KeyId=key, Tags=tags)
    api.list_resource_tags(KeyId=key)
    api.untag_resource(KeyId=key, TagKeys=["k"])
    api.enable_key_rotation(KeyId=key)
    api.get_key_rotation_status(KeyId=key)
    api.rotate_key_on_demand(KeyId=key)
    api.list_key_rotations(KeyId=key)
    api.disable_key_rotation(KeyId=key)
    root = f"arn:aws:iam::{ACCOUNT}:root"
    grant = api.create_grant(KeyId=key, GranteePrincipal=root, RetiringPrincipal=root, Operations=["Decrypt"])
    api.list_grants(KeyId=key)
    api.list_retirable_grants(RetiringPrincipal=root)
    api.retire_grant(KeyId=key, GrantId=grant["GrantId"])
    grant = api.create_grant(KeyId=key, GranteePrincipal=root, Operations=["Decrypt"])
    api.revoke_grant(KeyId=key, GrantId=grant["GrantId"])
    api.disable_key(KeyId=key)
    api.enable_key(KeyId=key)
    api.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    api.cancel_key_deletion(KeyId=key)


def expected():
    """The operations of OPERATIONS.md."""
    text = (pathlib.Path(__file__).parents[2] / "OPERATIONS.md").read_text()
    for section in re.split(r"^## ", text, flags=re.M)[1:]:
        service = section.splitlines()[0].strip()
        for name in re.findall(r"^\| ([A-Z]\w+) \|", section, flags=re.M):
            yield service, name


def main():
    steps = [account, functions, sqs, sns, events, iam, users, organizations, logs, cloudwatch, s3, secretsmanager, cloudtrail, dynamodb, kms,
             delete_function]
    for step in steps:
        step()
    missing = sorted(set(expected()) - called)
    for service, name in missing:
        print(f"not called: {service} {name}")
    print(f"{len(called)} operations called")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
