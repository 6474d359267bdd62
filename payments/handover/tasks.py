"""Background work: making the files of hand-overs."""

from batosocial.jobs.registry import register
from batosocial.jobs.runner import RunningJob
from payments.handover.services import BUILD_JOB, build_files


@register(BUILD_JOB)
def build_hand_overs(job: RunningJob, hand_over_ids: list[int]) -> None:
    count = build_files(hand_over_ids, job.progress, job_id=job.id)
    job.message = f"Đã lập {count} tệp giao tổ chức chi trả."
